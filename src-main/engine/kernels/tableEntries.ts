import { backend, binding, type Tensor, tf } from '../tensorflow.ts';
import { withGradient, withGradients } from './customGradient.ts';
import { shapeTensor, typeAttribute } from './opAttributes.ts';

/** The places of one entry in each row, int32 [rows, 2]. */
const places = (columns: Tensor): Tensor => tf.stack([tf.range(0, columns.shape[0] as number, 1, 'int32'), columns], 1);
const readPlaces = (table: Tensor, at: Tensor): Tensor =>
  backend.executeSingleOutput(
    'GatherNd',
    [typeAttribute('Tparams'), typeAttribute('Tindices', binding.TF_INT32)],
    [table, at],
  ); // [rows]
const writePlaces = (table: Tensor, at: Tensor, values: Tensor): Tensor =>
  backend.executeSingleOutput(
    'TensorScatterUpdate',
    [typeAttribute('T'), typeAttribute('Tindices', binding.TF_INT32)],
    [table, at, tf.reshape(values, [-1])],
  );

/** One entry of each row of a table [rows, columns], at int32 columns [rows]; [rows, 1]. */
export function entriesAt(table: Tensor, columns: Tensor): Tensor {
  return withGradient((x, save) => {
    const at = places(columns);
    save([at]);
    return {
      value: tf.reshape(readPlaces(x, at), [-1, 1]),
      gradFunc: (dy, [saved]) =>
        backend.executeSingleOutput(
          'ScatterNd',
          [typeAttribute('T'), typeAttribute('Tindices', binding.TF_INT32)],
          [saved as Tensor, tf.reshape(dy, [-1]), shapeTensor(table.shape)],
        ),
    };
  })(table);
}

/** A table [rows, columns] with one entry of each row, at int32 columns [rows], replaced by values [rows, 1]. */
export function replaceEntries(table: Tensor, columns: Tensor, values: Tensor): Tensor {
  return withGradients((x, y, save) => {
    const at = places(columns);
    save([at]);
    return {
      value: writePlaces(x, at, y),
      gradFunc: (dy, [saved]) => [
        writePlaces(dy, saved as Tensor, tf.zeros(y.shape)),
        tf.reshape(readPlaces(dy, saved as Tensor), [-1, 1]),
      ],
    };
  })(table, values);
}

/**
 * A table [rows, size] with `added` [count, size] added to its rows at int32 indexes [count]. Equal indexes add up. Not
 * differentiable.
 */
export const addToRows = (table: Tensor, indexes: Tensor, added: Tensor): Tensor =>
  backend.executeSingleOutput(
    'TensorScatterAdd',
    [typeAttribute('T'), typeAttribute('Tindices', binding.TF_INT32)],
    [table, tf.reshape(indexes, [-1, 1]), added],
  );

/**
 * The rows of a table [rows, …] at int32 indexes [count]. Not differentiable. (tfjs's own gather reads its axis back,
 * which cannot be recorded.)
 */
export const rowsAt = (table: Tensor, indexes: Tensor): Tensor =>
  backend.executeSingleOutput(
    'GatherV2',
    [
      typeAttribute('Tparams'),
      typeAttribute('Tindices', binding.TF_INT32),
      typeAttribute('Taxis', binding.TF_INT32),
      { name: 'batch_dims', type: binding.TF_ATTR_INT, value: 0 },
    ],
    [table, indexes, tf.scalar(0, 'int32')],
  );

/** A table [rows, …] with the rows at int32 indexes [count], all different, replaced. Not differentiable. */
export const replaceRows = (table: Tensor, indexes: Tensor, rows: Tensor): Tensor =>
  backend.executeSingleOutput(
    'TensorScatterUpdate',
    [typeAttribute('T'), typeAttribute('Tindices', binding.TF_INT32)],
    [table, tf.reshape(indexes, [-1, 1]), rows],
  );
