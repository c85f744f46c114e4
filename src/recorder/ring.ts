/** The newest items of the last `spanNs`, at most `capacity` of them: memory has a bound, however fast they come. */
export class Ring<T> {
  private readonly items: T[] = [];
  private readonly timesNs: bigint[] = [];
  /** of the oldest */
  private first = 0;
  private count = 0;
  private newestNs = 0n;

  constructor(
    private readonly capacity: number,
    private readonly spanNs: bigint,
  ) {}

  get size(): number {
    return this.count;
  }

  /** @param timeNs not before that of the item pushed last, but for small disorder */
  push(timeNs: bigint, item: T): void {
    if (this.count === this.capacity) this.dropOldest();
    const at = (this.first + this.count) % this.capacity;
    this.items[at] = item;
    this.timesNs[at] = timeNs;
    this.count++;
    if (timeNs > this.newestNs) this.newestNs = timeNs;
    while (this.count > 0 && this.timesNs[this.first]! < this.newestNs - this.spanNs) this.dropOldest();
  }

  /** Items from `sinceNs` on, oldest first. */
  since(sinceNs: bigint): T[] {
    const found: T[] = [];
    for (let i = 0; i < this.count; i++) {
      const at = (this.first + i) % this.capacity;
      if (this.timesNs[at]! >= sinceNs) found.push(this.items[at]!);
    }
    return found;
  }

  private dropOldest(): void {
    this.first = (this.first + 1) % this.capacity;
    this.count--;
  }
}
