//! Lists: a page, all pages in one answer, or one record after another, in one way for everything that
//! comes in pages.

use std::fmt;
use std::marker::PhantomData;

use async_trait::async_trait;
use futures_core::Stream;
use futures_util::{StreamExt, TryStreamExt, stream};
use tradekeep_models::record::Record;
use tradekeep_models::{
    BucketCursor, BucketQuery, Candle, CandleCursor, CandleQuery, Cursor, ListQuery, MetricBucket,
    Page, RecordFilter,
};

use crate::{ErrorKind, MetricStore, RecordSource, Result, StoreError, TickStore};

/// A list that is still to be read: a question, and the store that answers it.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// use std::pin::pin;
/// use std::sync::Arc;
/// use futures_util::TryStreamExt;
/// use tradekeep_models::TickFilter;
/// use tradekeep_store_traits::{MemoryStore, SeriesStore};
///
/// let store: Arc<dyn SeriesStore> = Arc::new(MemoryStore::new());
/// let first = store.ticks(TickFilter::default()).limit(100).page().await?;
/// let rest = store.ticks(TickFilter::default()).after(first.next).all().await?;
/// // However many there are, memory holds no more than a page of them.
/// let mut each = pin!(store.ticks(TickFilter::default()).newest_first().stream());
/// while let Some(tick) = each.try_next().await? {
///     println!("{tick:?}");
/// }
/// # assert!(first.items.is_empty() && rest.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "nothing is read before `page`, `all`, `first` or `stream`"]
pub struct List<'a, Q: Paged> {
    store: &'a Q::Store,
    query: Q,
    limit: Option<usize>,
}

/// A question whose answer comes in pages. For [`List`] alone.
#[async_trait]
pub trait Paged: Clone + Send + Sync {
    /// Who answers.
    type Store: ?Sized + Sync;
    /// What a page holds.
    type Item: Send;
    /// Where a page goes on.
    type Cursor: Send;

    /// The page of this question.
    ///
    /// # Errors
    /// As the store's own method.
    async fn page(&self, store: &Self::Store) -> Result<Page<Self::Item, Self::Cursor>>;

    /// The most that a page may hold.
    fn limit(&mut self) -> &mut usize;

    /// Where it goes on.
    fn after(&mut self) -> &mut Option<Self::Cursor>;
}

impl<Q: Paged> Clone for List<'_, Q> {
    fn clone(&self) -> Self {
        Self { store: self.store, query: self.query.clone(), limit: self.limit }
    }
}

impl<Q: Paged + fmt::Debug> fmt::Debug for List<'_, Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (query, limit) = (&self.query, &self.limit);
        f.debug_struct("List").field("query", query).field("limit", limit).finish_non_exhaustive()
    }
}

impl<'a, Q: Paged> List<'a, Q> {
    /// What `store` answers to `query`, page by page as large as that says.
    pub const fn new(store: &'a Q::Store, query: Q) -> Self {
        Self { store, query, limit: None }
    }

    /// No more than so many, however they are read; a page has room for 10,000.
    pub const fn limit(mut self, most: usize) -> Self {
        self.limit = Some(most);
        self
    }

    /// Only what comes behind the end of another page of the same list.
    pub fn after(mut self, cursor: impl Into<Option<Q::Cursor>>) -> Self {
        *self.query.after() = cursor.into();
        self
    }

    /// One page, and where the next one begins.
    ///
    /// # Errors
    /// `InvalidInput` for a limit over 10,000, or the cursor of another list; else when the store cannot be
    /// read.
    pub async fn page(mut self) -> Result<Page<Q::Item, Q::Cursor>> {
        if let Some(limit) = self.limit {
            *self.query.limit() = limit;
        }
        self.query.page(self.store).await
    }

    /// The first one.
    ///
    /// # Errors
    /// As [`page`](Self::page).
    pub async fn first(self) -> Result<Option<Q::Item>> {
        Ok(self.limit(1).page().await?.items.pop())
    }

    /// All of them, or as many as the limit lets through, in one answer: mind the memory.
    ///
    /// # Errors
    /// As [`page`](Self::page).
    pub async fn all(self) -> Result<Vec<Q::Item>> {
        self.pages().try_concat().await
    }

    /// One after another. No more than a page is in memory; what comes behind it while it is read is read too.
    pub fn stream(self) -> impl Stream<Item = Result<Q::Item>> + Send
    where
        Q::Item: 'a,
    {
        self.pages().map_ok(|page| stream::iter(page).map(Ok)).try_flatten()
    }

    /// What each page holds, until one ends the list or the limit is reached.
    fn pages(self) -> impl Stream<Item = Result<Vec<Q::Item>>> + Send {
        let Self { store, query, limit } = self;
        let left = limit.unwrap_or(usize::MAX);
        stream::try_unfold(Some((query, left)), move |state| async move {
            let Some((mut query, left)) = state else { return Ok(None) };
            let most = query.limit();
            *most = (*most).min(left);
            let page = query.page(store).await?;
            let left = left.saturating_sub(page.items.len());
            let more = page.next.filter(|_| left > 0).map(|next| {
                *query.after() = Some(next);
                (query, left)
            });
            Ok(Some((page.items, more)))
        })
    }
}

/// A [`ListQuery`] that knows the type of its records.
#[derive(Debug)]
pub struct RecordsOf<R> {
    query: ListQuery,
    record: PhantomData<fn() -> R>,
}

/// A list of records of one type.
pub type RecordList<'a, R> = List<'a, RecordsOf<R>>;

impl<R> Clone for RecordsOf<R> {
    fn clone(&self) -> Self {
        Self { query: self.query.clone(), record: PhantomData }
    }
}

impl<R: Record> RecordsOf<R> {
    /// What passes `filter`, in the order usual for these records.
    pub fn new(filter: &impl RecordFilter<Record = R>) -> Self {
        Self { query: ListQuery::new(filter), record: PhantomData }
    }
}

impl<'a, R: Record> RecordList<'a, R> {
    /// What of `source` passes `filter`: for who has no more than that one role.
    pub fn of(
        source: &'a (dyn RecordSource + 'static),
        filter: &impl RecordFilter<Record = R>,
    ) -> Self {
        Self::new(source, RecordsOf::new(filter))
    }

    /// What `source` answers to `query`; an error where that is about records of another type.
    pub const fn asked(source: &'a (dyn RecordSource + 'static), query: ListQuery) -> Self {
        Self::new(source, RecordsOf { query, record: PhantomData })
    }

    /// From the newest to the oldest.
    pub const fn newest_first(mut self) -> Self {
        self.query.query.newest_first = true;
        self
    }

    /// From the oldest to the newest.
    pub const fn oldest_first(mut self) -> Self {
        self.query.query.newest_first = false;
        self
    }

    /// Every version, and not only the highest of each thing.
    pub const fn history(mut self) -> Self {
        self.query.query.history = true;
        self
    }

    /// The question that is asked.
    #[must_use]
    pub const fn query(&self) -> &ListQuery {
        &self.query.query
    }
}

#[async_trait]
impl<R: Record> Paged for RecordsOf<R> {
    type Store = dyn RecordSource;
    type Item = R;
    type Cursor = Cursor;

    async fn page(&self, store: &dyn RecordSource) -> Result<Page<R, Cursor>> {
        store.page(&self.query).await?.of_type().map_err(|found| {
            let context = format!("the store answered records of {}", found.table());
            StoreError::new(ErrorKind::Deserialization, "store", R::TABLE.as_str(), context)
        })
    }

    fn limit(&mut self) -> &mut usize {
        &mut self.query.limit
    }

    fn after(&mut self) -> &mut Option<Cursor> {
        &mut self.query.after
    }
}

/// Candles of one (venue, symbol).
pub type CandleList<'a> = List<'a, CandleQuery>;

#[async_trait]
impl Paged for CandleQuery {
    type Store = dyn TickStore;
    type Item = Candle;
    type Cursor = CandleCursor;

    async fn page(&self, store: &dyn TickStore) -> Result<Page<Candle, CandleCursor>> {
        store.candle_page(self).await
    }

    fn limit(&mut self) -> &mut usize {
        &mut self.limit
    }

    fn after(&mut self) -> &mut Option<CandleCursor> {
        &mut self.after
    }
}

/// Numbers about metrics, a bucket of time each.
pub type BucketList<'a> = List<'a, BucketQuery>;

#[async_trait]
impl Paged for BucketQuery {
    type Store = dyn MetricStore;
    type Item = MetricBucket;
    type Cursor = BucketCursor;

    async fn page(&self, store: &dyn MetricStore) -> Result<Page<MetricBucket, BucketCursor>> {
        store.bucket_page(self).await
    }

    fn limit(&mut self) -> &mut usize {
        &mut self.limit
    }

    fn after(&mut self) -> &mut Option<BucketCursor> {
        &mut self.after
    }
}
