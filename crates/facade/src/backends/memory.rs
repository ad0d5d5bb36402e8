//! `memory://`

use std::any::Any;
use std::sync::Arc;

use async_trait::async_trait;
use tradekeep_store_traits::{MemoryStore, Result};

use super::{Configured, Parsed};
use crate::handles::Handles;

#[derive(Debug, PartialEq)]
struct Memory;

pub(super) fn parse(url: &str) -> Parsed {
    match url {
        "memory://" => Ok(Arc::new(Memory)),
        _ => Err("memory:// takes nothing behind it".into()),
    }
}

#[async_trait]
impl Configured for Memory {
    fn equals(&self, other: &dyn Any) -> bool {
        other.downcast_ref() == Some(self)
    }

    fn name(&self) -> String {
        "memory://".into()
    }

    fn database(&self) -> String {
        String::new()
    }

    async fn connect(&self, _: Option<u32>) -> Result<Handles> {
        Ok(Handles::of_series(Arc::new(MemoryStore::new())))
    }
}
