// The improved scoring algorithm of Greenwald, Nosek and Banaji (2003), table 4, with the 600 ms penalty: D of one person.
// trials: {block: 3, 4, 6 or 7, rt: ms to the first response, correct}. Blocks 3 and 4 have the first pairing, 6 and 7 the other.
// Returns {d, why}: d above 0 where the first pairing was faster; null, with why "slow", "fast" or "few", where there is none.

const SLOWEST = 10_000;
const FAST = 300;
const MOST_FAST = 0.1;
const PENALTY = 600;
const PAIRS = [[3, 6], [4, 7]];

export function score(trials) {
  const kept = trials.filter(({ block, rt }) => PAIRS.flat().includes(block) && rt <= SLOWEST);
  if (!kept.length) return { d: null, why: trials.length ? "slow" : "few" };
  if (kept.filter(({ rt }) => rt < FAST).length > MOST_FAST * kept.length) return { d: null, why: "fast" };
  const quotients = PAIRS.map(([first, second]) => {
    const both = kept.filter(({ block }) => block === first || block === second);
    return (penalised(kept, second) - penalised(kept, first)) / deviation(both.map(({ rt }) => rt));
  });
  const d = mean(quotients);
  return Number.isFinite(d) ? { d, why: null } : { d: null, why: "few" };
}

// Mean latency of a block, each error counted as the mean of the block's correct ones and the penalty.
function penalised(trials, block) {
  const ours = trials.filter((each) => each.block === block);
  const error = mean(ours.filter(({ correct }) => correct).map(({ rt }) => rt)) + PENALTY;
  return mean(ours.map(({ correct, rt }) => (correct ? rt : error)));
}

// Of all trials of two blocks, right and wrong, before any penalty.
function deviation(values) {
  const middle = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1));
}

function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
