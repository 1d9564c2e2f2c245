import { CronTime } from 'cron';
import { ScheduledMoments } from '../../apps/flash-sale/src/stats/scheduled-moments.js';

const EVERY_5_S = new CronTime('*/5 * * * * *');

function at(time: string): Date {
  return new Date(`2026-03-01T12:00:${time}Z`);
}

describe('the moment a timer has fired for', () => {
  it.each([
    ['on time', '05.000', '05.000'],
    ['late', '07.300', '05.000'],
    ['just before the next', '09.999', '05.000'],
    ['at the next', '10.000', '10.000'],
    ['after several were missed', '23.000', '20.000'],
  ])('%s', (_, now, moment) => {
    expect(new ScheduledMoments(EVERY_5_S, at('01.000')).upTo(at(now))).toEqual(at(moment));
  });

  it('is the next where nothing has come yet', () => {
    expect(new ScheduledMoments(EVERY_5_S, at('01.000')).upTo(at('02.000'))).toEqual(at('05.000'));
  });

  it('moves on with each tick', () => {
    const moments = new ScheduledMoments(EVERY_5_S, at('04.999'));
    expect(['05.001', '10.020', '15.000', '31.000'].map((now) => moments.upTo(at(now)))).toEqual(
      ['05.000', '10.000', '15.000', '30.000'].map(at),
    );
  });
});
