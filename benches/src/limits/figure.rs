//! The grid as a picture: goodput and latency of every algorithm in every scenario, and how the limits go after a step.

use std::fmt::Write;

use super::{grid::Cell, scenario::Scenario};

const COLOURS: [&str; 5] = ["#1b6ca8", "#e08e45", "#5a9367", "#a85b9c", "#8d8d8d"];
const WIDTH: f64 = 1120.0;
const LEFT: f64 = 60.0;
/// The height of one chart, and of one with its captions.
const CHART: f64 = 180.0;
const BAND: f64 = 260.0;

/// One row of the grid: a scenario with a cell for each algorithm.
pub type Row<'a> = (&'a Scenario, Vec<Cell>);

/// The limits of one algorithm, ten times a second.
pub type Course = (&'static str, Vec<u32>);

/// Draws the grid, and the `courses` of the limits in one scenario.
pub fn draw(rows: &[Row<'_>], courses: &[Course]) -> String {
    let mut svg = String::new();
    let height = 3.0 * BAND + 40.0;
    open(&mut svg, height);
    legend(&mut svg, courses);
    let goodput = |cell: &Cell| cell.goodput;
    let slowness = |cell: &Cell| cell.p99;
    bars(&mut svg, rows, goodput, &GOODPUT);
    bars(&mut svg, rows, slowness, &SLOWNESS);
    lines(&mut svg, courses, 40.0 + 2.0 * BAND);
    svg.push_str("</svg>\n");
    svg
}

/// A chart of bars.
struct Chart {
    title: &'static str,
    top: f64,
    most: f64,
    /// What is to be reached, or not to be exceeded.
    mark: f64,
}

const GOODPUT: Chart = Chart {
    title: "Goodput, of what the server can do or is asked for (at least 0.9)",
    top: 40.0,
    most: 1.0,
    mark: 0.9,
};

const SLOWNESS: Chart = Chart {
    title: "p99 of served calls, as a multiple of that without load (at most 2; cut off at 4)",
    top: 40.0 + BAND,
    most: 4.0,
    mark: 2.0,
};

fn open(svg: &mut String, height: f64) {
    put(
        svg,
        format_args!(
            r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="12">
<rect width="{WIDTH}" height="{height}" fill="#fff"/>"##
        ),
    );
}

fn legend(svg: &mut String, courses: &[Course]) {
    let mut x = LEFT;
    for ((name, _), colour) in courses.iter().zip(COLOURS) {
        put(
            svg,
            format_args!(r#"<rect x="{x}" y="8" width="12" height="12" fill="{colour}"/>"#),
        );
        text(svg, (x + 17.0, 18.0), "start", name);
        x += 110.0;
    }
}

fn bars(svg: &mut String, rows: &[Row<'_>], value: impl Fn(&Cell) -> f64, chart: &Chart) {
    let Chart {
        title,
        top,
        most,
        mark,
    } = *chart;
    let bottom = top + 20.0 + CHART;
    let height = |value: f64| value.min(most) / most * CHART;
    text(svg, (LEFT, top + 12.0), "start", title);
    let group = (WIDTH - LEFT - 20.0) / rows.len() as f64;
    for ((scenario, cells), nth) in rows.iter().zip(0_u8..) {
        let from = LEFT + group * f64::from(nth);
        let bar = (group - 10.0) / cells.len() as f64;
        for ((cell, colour), nth) in cells.iter().zip(COLOURS).zip(0_u8..) {
            let (x, tall) = (from + bar * f64::from(nth), height(value(cell)));
            let y = bottom - tall;
            put(
                svg,
                format_args!(
                    r#"<rect x="{x:.1}" y="{y:.1}" width="{bar:.1}" height="{tall:.1}" fill="{colour}"/>"#
                ),
            );
        }
        // Long names in two lines, one below the other.
        for (part, line) in scenario.name.split(", ").zip(1_u8..) {
            let below = bottom + 14.0 * f64::from(line);
            text(svg, (from + group / 2.0 - 5.0, below), "middle", part);
        }
    }
    for value in [0.0, most / 2.0, most] {
        let y = bottom - height(value) + 4.0;
        text(svg, (LEFT - 6.0, y), "end", &format!("{value:.1}"));
    }
    rule(svg, bottom - height(mark));
}

fn lines(svg: &mut String, courses: &[Course], top: f64) {
    let (bottom, wide) = (top + 20.0 + CHART, WIDTH - LEFT - 20.0);
    let title = "The limit, after a step from half to ten times the load at 30 s";
    text(svg, (LEFT, top + 12.0), "start", title);
    let all = courses.iter().flat_map(|(_, limits)| limits);
    let most = f64::from(all.max().copied().unwrap_or(1));
    for ((_, limits), colour) in courses.iter().zip(COLOURS) {
        let step = wide / limits.len().max(1) as f64;
        let mut points = String::new();
        for (nth, limit) in limits.iter().enumerate() {
            let (x, y) = (nth as f64 * step, f64::from(*limit) / most * CHART);
            put(
                &mut points,
                format_args!("{:.1},{:.1}", LEFT + x, bottom - y),
            );
        }
        put(
            svg,
            format_args!(
                r#"<polyline fill="none" stroke="{colour}" stroke-width="1.5" points="{points}"/>"#
            ),
        );
    }
    for value in [0.0, most / 2.0, most] {
        let y = bottom - value / most * CHART + 4.0;
        text(svg, (LEFT - 6.0, y), "end", &format!("{value:.0}"));
    }
    for seconds in [0, 20, 40, 60, 80, 100] {
        let x = LEFT + f64::from(seconds) / 100.0 * wide;
        text(svg, (x, bottom + 16.0), "middle", &format!("{seconds} s"));
    }
}

fn rule(svg: &mut String, y: f64) {
    let right = WIDTH - 20.0;
    put(
        svg,
        format_args!(
            r##"<line x1="{LEFT}" x2="{right}" y1="{y:.1}" y2="{y:.1}" stroke="#333" stroke-dasharray="4 3"/>"##
        ),
    );
}

fn text(svg: &mut String, (x, y): (f64, f64), anchor: &str, text: &str) {
    put(
        svg,
        format_args!(r#"<text x="{x:.1}" y="{y:.1}" text-anchor="{anchor}">{text}</text>"#),
    );
}

fn put(svg: &mut String, what: std::fmt::Arguments<'_>) {
    writeln!(svg, "{what}").expect("a string takes all");
}
