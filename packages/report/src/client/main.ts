import { followRun } from './follow-run';
import { openForPrint } from './open-for-print';
import { startUrlTable } from './url-table';

startUrlTable();
openForPrint();
followRun(startUrlTable);
