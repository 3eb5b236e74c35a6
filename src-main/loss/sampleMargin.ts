import { tf, type Tensor } from '../engine/tensorflow.ts';
import { safeSine } from './arcFace.ts';

type Save = (saved: Tensor[]) => void;
// tf.customGrad for two inputs; its own type loses their count.
const withGradients = tf.customGrad as unknown as (
  f: (x: Tensor, y: Tensor, save: Save) => { value: Tensor; gradFunc: (dy: Tensor, saved: Tensor[]) => Tensor[] },
) => (x: Tensor, y: Tensor) => Tensor;

/**
 * ArcFace's cos(θ + m) with a margin for each sample; beyond θ = π - m, cos θ - m sin m. Both inputs are [batch, 1],
 * and both derivatives are in closed form.
 */
export const addSampleMargin: (cosine: Tensor, margin: Tensor) => Tensor = withGradients((cosine, margin, save) => {
  const before = (x: Tensor, m: Tensor) => tf.cast(tf.greater(x, tf.neg(tf.cos(m))), 'bool'); // cos(π - m) = -cos m
  save([cosine, margin]);
  return {
    value: tf.where(
      before(cosine, margin),
      tf.sub(tf.mul(cosine, tf.cos(margin)), tf.mul(safeSine(cosine), tf.sin(margin))),
      tf.sub(cosine, tf.mul(margin, tf.sin(margin))),
    ),
    gradFunc: (dy, saved) => {
      const [x, m] = saved as [Tensor, Tensor];
      const inside = before(x, m);
      const byCosine = tf.where(inside, tf.add(tf.cos(m), tf.mul(tf.sin(m), tf.div(x, safeSine(x)))), tf.onesLike(x));
      const byMargin = tf.neg(
        tf.where(
          inside,
          tf.add(tf.mul(safeSine(x), tf.cos(m)), tf.mul(x, tf.sin(m))),
          tf.add(tf.sin(m), tf.mul(m, tf.cos(m))),
        ),
      );
      return [tf.mul(dy, byCosine), tf.mul(dy, byMargin)];
    },
  };
});

/**
 * cos of θ + m with the angle clipped to [ε, π - ε]; both inputs are [batch, 1]. No gradient flows to the margin, nor
 * to cos θ where the angle is clipped.
 */
export const addClippedMargin = (cosine: Tensor, margin: Tensor, epsilon: number): Tensor =>
  withGradients((x, m, save) => {
    const widened = (one: Tensor, added: Tensor) => tf.add(tf.acos(tf.clipByValue(one, -1, 1)), added);
    save([x, m]);
    return {
      value: tf.cos(tf.clipByValue(widened(x, m), epsilon, Math.PI - epsilon)),
      gradFunc: (dy, saved) => {
        const [one, added] = saved as [Tensor, Tensor];
        const angle = widened(one, added);
        const inside = tf.logicalAnd(tf.greater(angle, epsilon), tf.less(angle, Math.PI - epsilon));
        return [
          tf.mul(dy, tf.where(inside, tf.div(tf.sin(angle), safeSine(one)), tf.zerosLike(one))),
          tf.zerosLike(added),
        ];
      },
    };
  })(cosine, margin);
