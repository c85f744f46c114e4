import { Command } from 'commander';
import { DynabridgeError } from '../core/index.js';
import { jsonOption } from './options.js';
import { Output, table } from './output.js';

export function findPortCommand(): Command {
  return new Command('find-port')
    .description(
      'List the serial ports of this machine, with the name to configure: under /dev/serial/by-id it stays the same when the\n' +
        'device is plugged into another socket.',
    )
    .addOption(jsonOption())
    .action(async (options: { readonly json?: true }) => {
      const output = new Output(options.json ?? false);
      const { findPorts } = await import('../io/serial/index.js');
      const ports = await findPorts().catch((error: Error) => {
        throw new DynabridgeError(
          'UNAVAILABLE',
          `serial ports cannot be listed: ${error.message}; Linux needs udevadm for it (apt-get install udev)`,
        );
      });
      const rows = ports.map(({ path, device, description, permitted }): [string, string] => [
        path,
        [
          device,
          description,
          permitted ? '' : 'no permission: sudo usermod -aG dialout $USER, then log in again',
        ]
          .filter(Boolean)
          .join(', '),
      ]);
      output.result({ ports }, rows.length === 0 ? 'no serial port is plugged in' : table(rows));
    });
}
