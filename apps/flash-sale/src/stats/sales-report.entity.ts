import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';
import { MOMENT } from '../database/column-types.js';

/** What was sold in one period. It ends at the moment the job was scheduled for, which is the same on every instance. */
@Entity('sales_reports')
export class SalesReport {
  @PrimaryGeneratedColumn()
  readonly id!: number;

  /** The end of the period before; null in the first report, which counts everything. */
  @Column({ ...MOMENT, nullable: true })
  periodStart!: Date | null;

  @Column({ ...MOMENT, unique: true })
  periodEnd!: Date;

  /** Orders of the period. */
  @Column({ type: 'integer' })
  orders!: number;

  /** Users who ordered in the period. */
  @Column({ type: 'integer' })
  buyers!: number;

  /** Products that had nothing left when the report was made. */
  @Column({ type: 'integer' })
  soldOut!: number;

  @Column(MOMENT)
  madeAt!: Date;

  /** The instance that made it. */
  @Column({ type: 'varchar' })
  madeBy!: string;
}
