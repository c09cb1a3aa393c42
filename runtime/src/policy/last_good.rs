//! The last good answer to each question, for as long as it is fresh enough to stand in for a new one.
//!
//! Told the time; holds at most so many answers, and forgets the one that was asked for first.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use bytes::Bytes;

/// Answers by what was asked.
#[derive(Debug)]
pub struct LastGood<A> {
    max_age: Duration,
    most: usize,
    kept: Mutex<Kept<A>>,
}

#[derive(Debug)]
struct Kept<A> {
    answers: HashMap<Bytes, (Instant, A)>,
    /// In the order in which they were first asked for.
    order: VecDeque<Bytes>,
}

// === LastGood ===

impl<A: Clone> LastGood<A> {
    /// Keeps up to `most` answers, each good for `max_age`.
    pub fn new(max_age: Duration, most: usize) -> Self {
        let kept = Kept {
            answers: HashMap::new(),
            order: VecDeque::new(),
        };
        Self {
            max_age,
            most,
            kept: Mutex::new(kept),
        }
    }

    /// Remembers the answer to `question`.
    pub fn keep(&self, question: Bytes, now: Instant, answer: A) {
        let mut kept = self.kept();
        if kept
            .answers
            .insert(question.clone(), (now, answer))
            .is_none()
        {
            kept.order.push_back(question);
        }
        while kept.answers.len() > self.most {
            let Some(oldest) = kept.order.pop_front() else {
                return;
            };
            kept.answers.remove(&oldest);
        }
    }

    /// The last good answer to `question`, and its age, if that is not too great.
    pub fn answer(&self, question: &Bytes, now: Instant) -> Option<(Duration, A)> {
        let kept = self.kept();
        let (at, answer) = kept.answers.get(question)?;
        let age = now.saturating_duration_since(*at);
        (age <= self.max_age).then(|| (age, answer.clone()))
    }

    fn kept(&self) -> MutexGuard<'_, Kept<A>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[expect(
        clippy::disallowed_methods,
        reason = "any instant will do as the first"
    )]
    fn now() -> Instant {
        Instant::now()
    }

    #[test]
    fn the_newest_answer_stands_in_until_it_is_too_old() {
        let (last, t0) = (LastGood::new(MINUTE, 9), now());
        let question = Bytes::from_static(b"7");
        last.keep(question.clone(), t0, "old");
        last.keep(question.clone(), t0 + MINUTE, "new");
        assert_eq!(
            last.answer(&question, t0 + 2 * MINUTE),
            Some((MINUTE, "new"))
        );
        assert_eq!(
            last.answer(&question, t0 + 2 * MINUTE + Duration::from_nanos(1)),
            None
        );
        // A clock that runs backwards makes an answer no older.
        assert_eq!(last.answer(&question, t0), Some((Duration::ZERO, "new")));
    }

    #[test]
    fn the_first_question_is_forgotten_when_there_are_too_many() {
        let (last, now) = (LastGood::new(MINUTE, 2), now());
        let questions = [b"1", b"2", b"3"].map(|text| Bytes::from_static(text));
        for question in &questions {
            last.keep(question.clone(), now, ());
        }
        let known = questions.map(|question| last.answer(&question, now).is_some());
        assert_eq!(known, [false, true, true]);
    }

    #[test]
    fn room_for_none_keeps_none() {
        let (last, now) = (LastGood::new(MINUTE, 0), now());
        last.keep(Bytes::new(), now, ());
        assert_eq!(last.answer(&Bytes::new(), now), None);
    }
}
