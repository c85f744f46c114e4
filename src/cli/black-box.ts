import path from 'node:path';
import { Command } from 'commander';
import { readBlackBox } from '../data/index.js';
import { accountOf, accountText } from './black-box-account.js';
import { jsonOption, numberWithin } from './options.js';
import { Output } from './output.js';

interface BlackBoxCliOptions {
  readonly before: number;
  readonly out?: string;
  readonly json?: true;
}

export function blackBoxCommand(): Command {
  return new Command('blackbox')
    .description(
      'Tell what happened from a black box: the file that a run writes at every fault, e-stop or loss, with the last seconds of\n' +
        'state, asked, sent and reasons. Prints the cause, what clears it, and the last ticks, and plots position, asked and sent.',
    )
    .argument('<file>', "a file of the run's blackbox folder; dynabridge run prints its path when it ends")
    .option(
      '--before <s>',
      'how much of the time before the trip the plot shows',
      numberWithin(0.05, 1000),
      3,
    )
    .option('--out <folder>', 'where the plot goes (default: beside the file)')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
The file is MCAP and opens in Foxglove, too: /dynabridge/tick holds the vectors by joint in the order that
/dynabridge/trip names, /rosout the events.`,
    )
    .action(tell);
}

async function tell(file: string, options: BlackBoxCliOptions): Promise<void> {
  const output = new Output(options.json ?? false);
  const box = await readBlackBox(file);
  const { blackBoxCharts, writeFigure } = await import('../report/index.js'); // slow to load: wrong input is told before
  const folder = options.out ?? path.dirname(file);
  const stem = path.resolve(folder, path.basename(file, '.mcap'));
  const written = await writeFigure(stem, blackBoxCharts(box, options.before));
  if (written.pngMissing !== undefined) output.line(`SVG only, no PNG: ${written.pngMissing}`);
  const account = accountOf(box);
  output.result(
    { file: path.resolve(file), ...account, figures: written.figures },
    [accountText(account), `  plot  ${written.figures.at(-1)!}`].join('\n'),
  );
}
