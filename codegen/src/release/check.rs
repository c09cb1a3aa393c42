//! A contract held against its last release: all that the build and the command line ask about it.

use super::baseline::Baseline;
use super::history::History;
use super::judge::{judge, unchanged};
use super::message::{self, Told};
use super::project::Project;
use super::verdict::Verdict;
use crate::compat::Contract;
use crate::proto::{Current, Errors};

/// A contract and what is to be said of its versions.
#[derive(Debug)]
pub struct Check {
    verdict: Verdict,
    history: Option<History>,
    old: Option<Contract>,
    pub(super) current: Current,
}

impl Check {
    /// Holds a contract against its last release. Where its text has not changed, nothing is compiled.
    ///
    /// # Errors
    /// If the released text does not compile.
    pub(crate) fn of(current: Current, baseline: Option<Baseline>) -> Result<Self, Errors> {
        let Some(baseline) = baseline else {
            return Ok(Self {
                verdict: unchanged(&current.declared, &History::default()),
                history: None,
                old: None,
                current,
            });
        };
        let (verdict, old) = match !baseline.is_released() || baseline.is_text_of(&current.texts) {
            true => (unchanged(&current.declared, &baseline.history), None),
            false => {
                let old = baseline.contract(&current)?;
                let (declared, new) = (&current.declared, &current.contract);
                (judge(&old, new, declared, &baseline.history), Some(old))
            }
        };
        Ok(Self {
            verdict,
            history: Some(baseline.history),
            old,
            current,
        })
    }

    /// What changed, what becomes of it, and where each version stands.
    pub fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    /// What was decided and released before; `None` where there is no `released` folder.
    pub fn history(&self) -> Option<&History> {
        self.history.as_ref()
    }

    /// The last release; `None` where there is none, or where the text has not changed since.
    pub fn old(&self) -> Option<&Contract> {
        self.old.as_ref()
    }

    /// The contract as it is now.
    pub fn current(&self) -> &Contract {
        &self.current.contract
    }

    /// What a build says: errors, the summary last, and warnings.
    pub fn told(&self) -> Told {
        message::told(self)
    }

    /// Whether the contract has this file.
    pub(super) fn reads(&self, file: &str) -> bool {
        self.current.texts.contains_key(file)
    }

    pub(super) fn declared(&self) -> &[super::Declared] {
        &self.current.declared
    }
}

/// Says what a build of this project would say of its versions.
///
/// # Errors
/// What a build finds wrong in the contract, or that its baseline cannot be read.
pub fn check(project: &Project) -> Result<Check, Errors> {
    let baseline = Baseline::read(&project.released)?;
    Check::of(project.current(baseline.as_ref())?, baseline)
}
