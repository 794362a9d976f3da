//! The proleptic Gregorian calendar, in days since 1970-01-01 and microseconds.

/// Microseconds in a second.
pub(crate) const SECOND_US: i64 = 1_000_000;
/// Microseconds in a minute.
pub(crate) const MINUTE_US: i64 = 60 * SECOND_US;
/// Microseconds in an hour.
pub(crate) const HOUR_US: i64 = 60 * MINUTE_US;
/// Microseconds in a day.
pub(crate) const DAY_US: i64 = 24 * HOUR_US;
/// Seconds in a day.
pub(crate) const DAY_S: i64 = 86_400;
/// Days from 1970-01-01 to 2000-01-01, PostgreSQL's own epoch.
pub(crate) const EPOCH_DAYS: i32 = 10_957;
/// Microseconds from 1970-01-01 to 2000-01-01.
pub(crate) const EPOCH_US: i64 = EPOCH_DAYS as i64 * DAY_US;
/// The Julian day of 1970-01-01.
pub(crate) const UNIX_EPOCH_JULIAN: i64 = 2_440_588;

/// Days in 400 years, after which the calendar repeats itself.
const CYCLE_DAYS: i64 = 146_097;

/// A day, with the astronomers' years: 0 is 1 BC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Civil {
    pub(crate) year: i64,
    pub(crate) month: u32,
    pub(crate) day: u32,
}

/// Days since 1970-01-01 of a day of this calendar.
pub(crate) const fn days_from_civil(Civil { year, month, day }: Civil) -> i64 {
    // Years begin in March here, so that the leap day is the last of its year.
    let shifted = if month <= 2 { year - 1 } else { year };
    let cycle = shifted.div_euclid(400);
    let year_of_cycle = shifted.rem_euclid(400);
    let month_from_march = ((month + 9) % 12) as i64;
    let day_of_year = (153 * month_from_march + 2) / 5 + day as i64 - 1;
    let day_of_cycle = year_of_cycle * 365 + year_of_cycle / 4 - year_of_cycle / 100 + day_of_year;
    cycle * CYCLE_DAYS + day_of_cycle - 719_468
}

/// The day that is this many days after 1970-01-01.
pub(crate) fn civil_from_days(days: i64) -> Civil {
    let from_march = days + 719_468;
    let cycle = from_march.div_euclid(CYCLE_DAYS);
    let day_of_cycle = from_march.rem_euclid(CYCLE_DAYS);
    let year_of_cycle =
        (day_of_cycle - day_of_cycle / 1460 + day_of_cycle / 36_524 - day_of_cycle / 146_096) / 365;
    let day_of_year =
        day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * month_from_march + 2) / 5 + 1) as u32;
    let month =
        (if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 }) as u32;
    let year = year_of_cycle + cycle * 400 + i64::from(month <= 2);
    Civil { year, month, day }
}

/// The day of the week: 0 is Sunday.
pub(crate) fn weekday(days: i64) -> usize {
    (days + 4).rem_euclid(7) as usize
}

/// Whether February has 29 days.
pub(crate) fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// How many days a month has.
pub(crate) fn days_in_month(year: i64, month: u32) -> u32 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_agree() {
        let check = |days: i64, year: i64, month: u32, day: u32| {
            let civil = Civil { year, month, day };
            assert_eq!(civil_from_days(days), civil);
            assert_eq!(days_from_civil(civil), days);
        };
        check(0, 1970, 1, 1);
        check(i64::from(EPOCH_DAYS), 2000, 1, 1);
        check(-1, 1969, 12, 31);
        check(11_016, 2000, 2, 29);
        check(-UNIX_EPOCH_JULIAN, -4713, 11, 24);
        check(2_932_896, 9999, 12, 31);
        for days in (-800_000..800_000).step_by(97) {
            assert_eq!(days_from_civil(civil_from_days(days)), days);
        }
    }

    #[test]
    fn the_first_of_1970_was_a_thursday() {
        assert_eq!(weekday(0), 4);
        assert_eq!(weekday(-4), 0);
    }
}
