//! What MEV cost.

use crate::{Decimal, DecimalError, MevEvent};

/// What MEV did, or would have done.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct MevAnalysis {
    /// Events in all.
    pub events: u64,
    /// Events avoided.
    pub avoided: u64,
    /// Events suffered: the rest.
    pub suffered: u64,
    /// Avoided / events; nothing where there was none.
    pub avoidance_rate: Option<f64>,
    /// Mean of the sandwich probabilities.
    pub avg_risk: Option<f64>,
    /// Sum over events with both of actual loss in basis points x trade size / 10,000, in USD,
    /// half-even to 18 decimals.
    pub total_loss_usd: Decimal,
    /// Mean of the priority fees that are known, in lamports.
    pub avg_priority_fee_lamports: Option<f64>,
}

impl MevAnalysis {
    /// The analysis of `events`.
    ///
    /// # Errors
    /// When the loss has more than 20 digits before the point.
    pub fn of<'a>(events: impl IntoIterator<Item = &'a MevEvent>) -> Result<Self, DecimalError> {
        let (mut analysis, mut risk) = (Self::default(), 0.0);
        let (mut fees, mut charged) = (0u128, 0u64);
        let mut losses = Vec::new();
        for event in events {
            analysis.events += 1;
            analysis.avoided += u64::from(event.avoided);
            risk += event.sandwich_probability;
            if let Some(fee) = event.priority_fee_lamports {
                fees += u128::from(fee);
                charged += 1;
            }
            losses.extend(event.actual_loss_bps.zip(event.trade_size));
        }
        analysis.total_loss_usd = Self::loss(losses)?;
        Ok(analysis.with_means(risk, fees, charged))
    }

    /// Sum of basis points x size / 10,000; sizes of equal basis points may come added up.
    ///
    /// # Errors
    /// When it has more than 20 digits before the point.
    pub fn loss(parts: impl IntoIterator<Item = (i32, Decimal)>) -> Result<Decimal, DecimalError> {
        let mut times_ten_thousand = Decimal::from(0);
        for (bps, size) in parts {
            times_ten_thousand =
                times_ten_thousand.add(size.mul_round(Decimal::from(i64::from(bps)))?)?;
        }
        times_ten_thousand.div_round(Decimal::from(10_000))
    }

    /// Fills in what follows from the counts, the sum of the risks, and the sum of `charged` fees.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "a mean is a double")]
    pub fn with_means(mut self, risks: f64, fees: u128, charged: u64) -> Self {
        self.suffered = self.events - self.avoided;
        if self.events > 0 {
            self.avoidance_rate = Some(self.avoided as f64 / self.events as f64);
            self.avg_risk = Some(risks / self.events as f64);
        }
        self.avg_priority_fee_lamports = (charged > 0).then(|| fees as f64 / charged as f64);
        self
    }
}
