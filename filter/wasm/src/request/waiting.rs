//! A request while it waits for keys: what of it is held, when it is judged, and how it goes on.

use fieldgate_core::denial::Reason;
use fieldgate_core::gate::{Outcome, Step};
use fieldgate_core::settings::RequestHeaders;
use fieldgate_core::token::remote::{Wait, Waiting};
use fieldgate_core::token::{TokenError, UnixTime};

use super::{Head, HeadWas, Request, State};
use crate::dispatch::Action;
use crate::host::{self, HostError};
use crate::published::{Held, NoWait};

/// What is kept of a request.
pub(super) struct AwaitKeys {
    head: Head,
    wait: Wait,
    stands: Waiting,
    held: Held,
    /// What becomes of the request if no key comes.
    otherwise: Outcome,
    body: Body,
}

/// How much of a body is there.
#[derive(Clone, Copy)]
pub(super) enum Body {
    /// The headers were all.
    None,
    /// So many bytes are buffered, and there are more to come.
    Part(usize),
    /// So many bytes, and that is all.
    Whole(usize),
}

/// Whether a request waits for keys.
pub(crate) enum Waits {
    /// It does.
    On,
    /// Its wait is over, or there are other keys.
    ToBeJudged,
    /// It does not, or does not any more.
    No,
}

impl Body {
    /// The bytes that are buffered.
    fn size(self) -> usize {
        match self {
            Self::None => 0,
            Self::Part(size) | Self::Whole(size) => size,
        }
    }
}

impl AwaitKeys {
    pub(super) fn body(&self) -> Body {
        self.body
    }

    /// The refusal that holds if no key comes.
    pub(super) fn otherwise(self) -> Outcome {
        self.otherwise
    }
}

impl Request {
    /// Begins to wait for a key of this issuer.
    pub(super) fn await_keys(
        &mut self,
        head: Head,
        issuer: usize,
        otherwise: Outcome,
        body: Body,
        now: UnixTime,
    ) -> Action {
        let Some(held) = self.shared.hold(head.size()) else {
            return self.crowded_out(otherwise, 0);
        };
        match self.shared.want(issuer, now, self.context, self.this.clone()) {
            Ok(wait) => {
                let stands = Waiting::On;
                let waiting = AwaitKeys { head, wait, stands, held, otherwise, body };
                self.state = State::AwaitKeys(Box::new(waiting));
                Action::Pause
            }
            Err(NoWait::InVain) => self.settle(otherwise, 0),
            Err(NoWait::TooMany) => self.crowded_out(otherwise, 0),
        }
    }

    /// Whether the request still waits, as far as can be told without judging it.
    pub(crate) fn waits(&mut self, now: UnixTime) -> Waits {
        let State::AwaitKeys(waiting) = &mut self.state else { return Waits::No };
        waiting.stands = self.shared.change_keys(|keys| keys.waiting(&mut waiting.wait, now));
        match waiting.stands {
            Waiting::On => Waits::On,
            Waiting::Look | Waiting::LastLook | Waiting::Over => Waits::ToBeJudged,
        }
    }

    /// Ends the wait, or goes on with it. Whether the request still waits.
    pub(crate) fn look(&mut self, now: UnixTime) -> bool {
        let waiting = match std::mem::replace(&mut self.state, State::Fresh) {
            State::AwaitKeys(waiting) => waiting,
            state @ (State::Fresh
            | State::AwaitBody { .. }
            | State::Forwarded(_)
            | State::Passed(_)
            | State::Answered(_)
            | State::Logged) => {
                self.state = state;
                return false;
            }
        };
        let step = match waiting.stands {
            Waiting::On => None,
            Waiting::Look => match self.judge_head(&waiting.head, now) {
                Step::AwaitKeys { .. } => None,
                step => Some(step),
            },
            Waiting::LastLook => Some(self.judge_head(&waiting.head, now)),
            Waiting::Over => {
                let buffered = waiting.body.size();
                self.settle(waiting.otherwise, buffered);
                return false;
            }
        };
        let Some(step) = step else {
            self.state = State::AwaitKeys(waiting);
            return true;
        };
        // Nobody returns this to the host: going on has to be said to it.
        let head = match self.mode() {
            RequestHeaders::Hold => HeadWas::Accepted,
            RequestHeaders::Stream => HeadWas::Resumed,
        };
        if self.follow(step, waiting.body, head) == Action::Continue
            && let Err(error) = host::resume_request()
        {
            self.fail(error);
        }
        false
    }

    /// More of the body came.
    pub(super) fn keep(&mut self, mut waiting: Box<AwaitKeys>, body: Body) -> Action {
        let (Body::Part(size) | Body::Whole(size)) = body else {
            return self.fail(HostError::UNEXPECTED_CALLBACK);
        };
        // A closed gate lets nobody wait.
        let limit = self.shared.gate.settings().map_or(0, |settings| settings.limits.body());
        if size > limit {
            let (_, record) = waiting.otherwise.into_parts();
            return self.settle(record.overruled(Reason::BodyTooLarge), size);
        }
        let Some(held) = waiting.held.grown(size.saturating_sub(waiting.body.size())) else {
            return self.crowded_out(waiting.otherwise, size);
        };
        (waiting.held, waiting.body) = (held, body);
        self.state = State::AwaitKeys(waiting);
        Action::Pause
    }

    /// So much waits already that this request cannot: whether its token is good is not known.
    fn crowded_out(&mut self, otherwise: Outcome, buffered: usize) -> Action {
        let (_, record) = otherwise.into_parts();
        let reason = Reason::Token(TokenError::KeysUnavailable);
        self.settle(record.overruled(reason), buffered)
    }
}
