//! The least value of a function of a few numbers, by the simplex of Nelder and Mead (1965).

/// Steps at most.
const STEPS: usize = 200;
/// Corners as near to each other in value, relative to it, are the minimum.
const NEAR: f64 = 1e-7;

type Corner = (f64, Vec<f64>);

/// The place of the least value found from `start` on; every coordinate stays in `[0, 1]`.
pub fn within_unit(start: &[f64], value: &dyn Fn(&[f64]) -> f64) -> Vec<f64> {
    let at = |x: Vec<f64>| -> Corner { (value(&x), x) };
    let mut corners: Vec<Corner> = vec![at(start.to_vec())];
    for axis in 0..start.len() {
        let mut x = start.to_vec();
        x[axis] += if x[axis] < 0.6 { 0.3 } else { -0.3 };
        corners.push(at(x));
    }
    for _ in 0..STEPS {
        corners.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (best, worst) = (corners[0].0, corners[start.len()].0);
        if worst - best <= NEAR * best.abs() {
            break;
        }
        step(&mut corners, &at);
    }
    corners.sort_by(|a, b| a.0.total_cmp(&b.0));
    corners.swap_remove(0).1
}

/// One step: the worst corner is mirrored, stretched or drawn in, or all are drawn to the best.
fn step(corners: &mut [Corner], at: &dyn Fn(Vec<f64>) -> Corner) {
    let last = corners.len() - 1;
    let centre: Vec<f64> = (0..last)
        .map(|axis| corners[..last].iter().map(|c| c.1[axis]).sum::<f64>() / last as f64)
        .collect();
    let beyond = |far: f64| {
        let along = centre.iter().zip(&corners[last].1);
        at(along.map(|(c, w)| (c + far * (c - w)).clamp(0.0, 1.0)).collect())
    };
    let mirrored = beyond(1.0);
    let next = if mirrored.0 < corners[0].0 {
        let stretched = beyond(2.0);
        Some(if stretched.0 < mirrored.0 { stretched } else { mirrored })
    } else if mirrored.0 < corners[last - 1].0 {
        Some(mirrored)
    } else {
        let drawn = beyond(if mirrored.0 < corners[last].0 { 0.5 } else { -0.5 });
        (drawn.0 < mirrored.0.min(corners[last].0)).then_some(drawn)
    };
    if let Some(next) = next {
        corners[last] = next;
        return;
    }
    let (best, rest) = corners.split_at_mut(1);
    for corner in rest {
        let half = best[0].1.iter().zip(&corner.1).map(|(b, c)| f64::midpoint(*b, *c));
        *corner = at(half.collect());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_minimum_inside_and_at_the_edge() {
        let inside = within_unit(&[0.5, 0.5, 0.5], &|x| {
            1.0 + (x[0] - 0.1).powi(2) + 10.0 * (x[1] - 0.7).powi(2) + (x[2] - x[0]).powi(2)
        });
        for (found, wanted) in inside.iter().zip([0.1, 0.7, 0.1]) {
            assert!((found - wanted).abs() < 0.01, "{inside:?}");
        }
        let edge = within_unit(&[0.5], &|x| 2.0 - x[0]);
        assert!(edge[0] > 0.999, "{edge:?}");
    }
}
