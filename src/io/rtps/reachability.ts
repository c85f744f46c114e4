import { isLoopback, type Locator } from './locator.js';

/** Picks, from what a peer announces, where to send. */
export type LocatorSelector = (locators: readonly Locator[]) => Locator[];

/**
 * @param ownAddress the address our socket is bound to
 * @param machineAddresses all addresses of this machine: from loopback, nothing else can be reached
 * @param maximum locators kept
 */
export function locatorSelector(
  ownAddress: string,
  machineAddresses: readonly string[],
  maximum: number,
): LocatorSelector {
  if (isLoopback(ownAddress)) {
    // A ROS 2 node restricted to this machine by unicast discovery still announces its network address.
    const here = (locator: Locator): boolean => machineAddresses.includes(locator.address);
    return (locators) => {
      const loopback = locators.filter((locator) => isLoopback(locator.address));
      return (loopback.length > 0 ? loopback : locators.filter(here)).slice(0, 1);
    };
  }
  return (locators) => {
    const same = locators.filter((locator) => locator.address === ownAddress);
    const remote = locators.filter((locator) => !isLoopback(locator.address));
    return (same.length > 0 ? same : remote).slice(0, maximum);
  };
}
