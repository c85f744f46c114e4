/** What a prediction says of its step: nothing; that the policy should slow down; or that there is nothing to be believed. */
export type Outlook = 'clean' | 'doubtful' | 'void';

/** Authority after a first doubtful prediction. */
const LOWERED_AUTHORITY = 0.5;
/**
 * Predictions in a row that lead from lowered to held, and from each to the next higher: a single one may be a slip of the model, and
 * fewer would let the authority change back and forth.
 */
const PERSISTENCE = 3;

/**
 * The policy's authority by what is predicted: 1, lowered, or 0 (held). It falls at once, and further while doubt persists; it rises
 * one step at a time, after as many clean predictions as it takes to be held.
 */
export class AuthoritySteps {
  private authority = 1;
  private doubtful = 0;
  private clean = 0;

  next(outlook: Outlook): number {
    if (outlook === 'clean') return this.rise();
    this.clean = 0;
    this.doubtful++;
    const held = outlook === 'void' || this.doubtful >= PERSISTENCE;
    this.authority = held ? 0 : Math.min(this.authority, LOWERED_AUTHORITY);
    return this.authority;
  }

  private rise(): number {
    this.doubtful = 0;
    if (this.authority === 1) return 1;
    if (++this.clean < PERSISTENCE) return this.authority;
    this.clean = 0;
    this.authority = this.authority === 0 ? LOWERED_AUTHORITY : 1;
    return this.authority;
  }
}
