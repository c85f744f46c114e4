import { InvalidArgumentError } from 'commander';

/** A reader of names of `known`, separated by commas. @throws InvalidArgumentError for one that is not */
export function namesOf<Name extends string>(known: readonly Name[]): (text: string) => readonly Name[] {
  return (text) =>
    text.split(',').map((part) => {
      const found = known.find((name) => name === part.trim());
      if (found !== undefined) return found;
      throw new InvalidArgumentError(`'${part}' is unknown; choose from ${known.join(', ')}.`);
    });
}
