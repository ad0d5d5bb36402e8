//! What MEV cost.

use crate::{Decimal, DecimalError, DecimalSum, MevEvent};

/// What MEV did, or would have done.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
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

    /// Sum of basis points x size / 10,000, half-even to 18 decimals; sizes of equal basis points may
    /// come added up, to sums that do not fit a [`Decimal`].
    ///
    /// # Errors
    /// When it has more than 20 digits before the point.
    pub fn loss<S: Into<DecimalSum>>(
        parts: impl IntoIterator<Item = (i32, S)>,
    ) -> Result<Decimal, DecimalError> {
        let add = |sum: DecimalSum, (bps, size): (i32, S)| sum.plus(size.into(), bps);
        parts.into_iter().try_fold(DecimalSum::default(), add)?.div_round(10_000)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_loss_has_to_fit() {
        let twice = DecimalSum::default().plus(Decimal::MAX.into(), 2).unwrap();
        // Whole, in two halves, and with what takes away again what would be too much.
        for parts in [
            vec![(10_000, Decimal::MAX.into())],
            vec![(5_000, twice)],
            vec![(i32::MAX, twice), (10_000, Decimal::MAX.into()), (-i32::MAX, twice)],
        ] {
            assert_eq!(MevAnalysis::loss(parts), Ok(Decimal::MAX));
        }
        assert_eq!(MevAnalysis::loss([(5_001, twice)]), Err(DecimalError::TooLarge));
        // Ties are of the sum, not of its parts: 0.5 + 0.5, and 1.5, units of the last place.
        let half: Decimal = "0.000000000000005".parse().unwrap();
        assert_eq!(MevAnalysis::loss([(1, half), (1, half)]).unwrap().scaled(), 1);
        assert_eq!(MevAnalysis::loss([(3, half)]).unwrap().scaled(), 2);
    }
}
