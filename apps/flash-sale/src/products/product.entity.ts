import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';
import { LARGE_NUMBER, MOMENT } from '../database/column-types.js';

/** Something on sale, and how many of it are left. */
@Entity('products')
export class Product {
  @PrimaryGeneratedColumn()
  readonly id!: number;

  @Column({ type: 'varchar' })
  name!: string;

  @Column({ type: 'integer' })
  stock!: number;

  /** The highest fence that has claimed this row: whoever comes with a lower one has lost its lock. 0 where none has. */
  @Column({ ...LARGE_NUMBER, default: 0 })
  fence!: number;

  @Column(MOMENT)
  createdAt!: Date;
}
