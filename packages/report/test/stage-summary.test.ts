import { toLanes } from '../src/charts/lanes';
import { summarizeStages } from '../src/stage-summary';
import { row } from './sample-report';

describe('the summary of the stages', () => {
  it('has the stages that ran, in their order, with what their tasks took', () => {
    const rows = [
      row({ stage: 'Commit', startedMs: 90 }),
      row({ stage: 'MapSplit', startedMs: 10, endedMs: 30, bytesRead: 7, failures: 1 }),
      row({ stage: 'MapSplit', startedMs: 30, endedMs: 80, bytesRead: 9, retries: 1, spills: 2 }),
    ];
    const [map, commit] = summarizeStages(rows);
    expect(map).toMatchObject({ stage: 'MapSplit', attempts: 2, retries: 1, failures: 1, spills: 2 });
    expect(map).toMatchObject({
      bytesRead: 16,
      startedMs: 10,
      endedMs: 80,
      busyMs: 70,
      medianMs: 35,
      longestMs: 50,
    });
    expect(commit?.stage).toBe('Commit');
  });

  it('finds stragglers: far longer than is usual, and long enough to matter', () => {
    const usual = [1, 2, 3, 4].map((number) => row({ stage: 'MapSplit', number, endedMs: 100 }));
    const straggler = row({ stage: 'MapSplit', number: 5, endedMs: 300 });
    const [map] = summarizeStages([...usual, straggler]);
    expect([...(map?.stragglers ?? [])]).toEqual([straggler]);
    const [quick] = summarizeStages([
      ...usual.map((each) => ({ ...each, busyMs: 1, longestMs: 1 })),
      row({ stage: 'MapSplit', endedMs: 9 }),
    ]);
    expect(quick?.stragglers.size).toBe(0);
    const [few] = summarizeStages([
      row({ stage: 'Group', endedMs: 1 }),
      row({ stage: 'Group', endedMs: 900 }),
    ]);
    expect(few?.stragglers.size).toBe(0);
  });
});

describe('lanes', () => {
  it('are one a worker, and more where it does several tasks at a time; in none of them rows overlap', () => {
    const rows = [
      row({ stage: 'MapSplit', worker: 1, startedMs: 0, endedMs: 50 }),
      row({ stage: 'MapSplit', worker: 0, startedMs: 0, endedMs: 50 }),
      row({ stage: 'MapSplit', worker: 0, startedMs: 20, endedMs: 60 }),
      row({ stage: 'MapSplit', worker: 0, startedMs: 50, endedMs: 70 }),
    ];
    const lanes = toLanes(rows, 100);
    expect(lanes.map(({ worker }) => worker)).toEqual([0, 0, 1]);
    expect(lanes.map((lane) => lane.rows.map(({ startedMs }) => startedMs))).toEqual([[0, 50], [20], [0]]);
  });
});
