import { InvalidArgumentError } from 'commander';

/** Parsers of option values. @throws InvalidArgumentError, which ends in exit code 1 */
export function wholeNumber(min: number, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
    throw new InvalidArgumentError(`Expected a whole number ${range}.`);
  };
}

export function ratio(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError('Expected a number from 0 to 1.');
}

export function fieldName(text: string): string {
  if (text !== '') return text;
  throw new InvalidArgumentError('Expected the name of a field.');
}

/** A comma-separated list of some of `choices`. */
export function someOf<Choice extends string>(choices: readonly Choice[]): (text: string) => Choice[] {
  return (text) => {
    const chosen = text.split(',').map((name) => choices.find((choice) => choice === name.trim()));
    if (chosen.every((choice) => choice !== undefined)) return chosen;
    throw new InvalidArgumentError(`Expected a comma-separated list of ${choices.join(', ')}.`);
  };
}
