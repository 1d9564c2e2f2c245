import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';
import { MOMENT } from '../database/column-types.js';

/** Who took the orders out of the shop, and when: one line of the journal for each export. */
@Entity('report_exports')
export class ReportExport {
  @PrimaryGeneratedColumn()
  readonly id!: number;

  /** Null where the orders of all products were asked for. */
  @Column({ type: 'integer', nullable: true })
  productId!: number | null;

  /** The instance that makes it. */
  @Column({ type: 'varchar' })
  startedBy!: string;

  @Column(MOMENT)
  startedAt!: Date;

  /** Null while it goes on, and for ever where its instance died. */
  @Column({ ...MOMENT, nullable: true })
  endedAt!: Date | null;

  /** How many orders were written. */
  @Column({ type: 'integer', default: 0 })
  orders!: number;
}
