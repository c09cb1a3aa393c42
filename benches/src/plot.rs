//! Lines over time as an SVG: one chart, a line for each thing that was tried, and the time in which something was wrong.

use std::{fmt::Write as _, ops::Range};

/// A chart.
#[derive(Debug)]
pub struct Plot<'a> {
    /// What it shows.
    pub title: &'a str,
    /// What is drawn, with its unit.
    pub of: &'a str,
    /// When something was wrong, in seconds.
    pub trouble: Range<f64>,
    /// Each line: its name, and the value at each second.
    pub lines: Vec<(String, Vec<(f64, f64)>)>,
}

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 56.0;
const TOP: f64 = 46.0;
const RIGHT: f64 = 190.0;
const BOTTOM: f64 = 34.0;
const COLOURS: [&str; 6] = [
    "#c0392b", "#2471a3", "#1e8449", "#9a6b00", "#7d3c98", "#566573",
];

impl Plot<'_> {
    /// The picture.
    pub fn svg(&self) -> String {
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" font-size=\"12\">\n\
             <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n"
        );
        let trouble = (self.x(self.trouble.start), self.x(self.trouble.end));
        let tall = HEIGHT - TOP - BOTTOM;
        element(
            &mut svg,
            &format!(
                "<rect x=\"{:.1}\" y=\"{TOP}\" width=\"{:.1}\" height=\"{tall}\" fill=\"#f6e3df\"/>",
                trouble.0,
                trouble.1 - trouble.0
            ),
        );
        text(&mut svg, (LEFT, 18.0), 14, self.title);
        text(&mut svg, (LEFT, 36.0), 11, self.of);
        self.axes(&mut svg);
        for (number, (name, points)) in self.lines.iter().enumerate() {
            let colour = COLOURS[number % COLOURS.len()];
            let points: Vec<_> = points
                .iter()
                .map(|(x, y)| format!("{:.1},{:.1}", self.x(*x), self.y(*y)))
                .collect();
            element(
                &mut svg,
                &format!(
                    "<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.8\" points=\"{}\"/>",
                    points.join(" ")
                ),
            );
            let y = TOP + 12.0 + 18.0 * as_f64(number);
            let x = WIDTH - RIGHT + 14.0;
            element(
                &mut svg,
                &format!(
                    "<rect x=\"{x}\" y=\"{:.1}\" width=\"14\" height=\"3\" fill=\"{colour}\"/>",
                    y - 5.0
                ),
            );
            text(&mut svg, (x + 20.0, y), 11, name);
        }
        svg.push_str("</svg>\n");
        svg
    }

    fn axes(&self, svg: &mut String) {
        let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
        for part in 0..=4 {
            let value = self.most() * f64::from(part) / 4.0;
            let y = self.y(value);
            element(
                svg,
                &format!(
                    "<line x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{right}\" y2=\"{y:.1}\" stroke=\"#ddd\"/>"
                ),
            );
            text(svg, (8.0, y + 4.0), 11, &number(value));
        }
        let (first, last) = self.seconds();
        let step = if last - first > 60.0 { 20.0 } else { 5.0 };
        let mut second = first;
        while second <= last {
            text(
                svg,
                (self.x(second) - 6.0, bottom + 16.0),
                11,
                &format!("{second} s"),
            );
            second += step;
        }
    }

    fn seconds(&self) -> (f64, f64) {
        let all = || {
            self.lines
                .iter()
                .flat_map(|(_, points)| points.iter().map(|(x, _)| *x))
        };
        (
            all().fold(f64::INFINITY, f64::min).max(0.0),
            all().fold(1.0, f64::max),
        )
    }

    /// The highest value, made round.
    fn most(&self) -> f64 {
        let values = self
            .lines
            .iter()
            .flat_map(|(_, points)| points.iter().map(|(_, y)| *y));
        let most = values.fold(1e-9, f64::max);
        let unit = 10_f64.powf(most.log10().floor());
        [1.0, 2.0, 4.0, 5.0, 10.0]
            .iter()
            .map(|times| times * unit)
            .find(|round| *round >= most * 0.999)
            .unwrap_or(most)
    }

    fn x(&self, second: f64) -> f64 {
        let (first, last) = self.seconds();
        LEFT + (second.clamp(first, last) - first) / (last - first).max(1.0)
            * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, value: f64) -> f64 {
        HEIGHT - BOTTOM - value / self.most() * (HEIGHT - TOP - BOTTOM)
    }
}

fn element(svg: &mut String, element: &str) {
    // Writing into a text does not fail.
    let _ = writeln!(svg, "{element}");
}

fn text(svg: &mut String, (x, y): (f64, f64), size: u32, words: &str) {
    let words = words.replace('&', "&amp;").replace('<', "&lt;");
    element(
        svg,
        &format!(
            "<text x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"{size}\" fill=\"#333\">{words}</text>"
        ),
    );
}

fn number(value: f64) -> String {
    if value >= 10.0 || value == 0.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.1}")
    }
}

fn as_f64(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}
