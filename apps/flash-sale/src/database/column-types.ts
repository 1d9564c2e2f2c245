import type { ColumnOptions } from 'typeorm';

/** A moment, stored as milliseconds since 1970 in UTC: the same on every database and in every time zone. */
export const MOMENT: ColumnOptions = {
  type: 'bigint',
  transformer: {
    to: (moment: Date | null | undefined) => moment?.getTime() ?? moment,
    from: (stored: string | number | null) => (stored === null ? null : new Date(Number(stored))),
  },
};

/** A whole number up to 2^53. PostgreSQL's driver returns a bigint as text. */
export const LARGE_NUMBER: ColumnOptions = {
  type: 'bigint',
  transformer: {
    to: (value: number | undefined) => value,
    from: (stored: string | number) => Number(stored),
  },
};
