"""Kernels: what Keras computes in a dozen operations, and TensorFlow can in one.

On other engines of Keras these classes do what Keras does. The only module of networks and
objectives that may know an engine.
"""

from typing import Any

import keras

FUSED = keras.backend.backend() == "tensorflow"
if FUSED:
    import tensorflow as tf


class BatchNormalization(keras.layers.BatchNormalization):
    """Batch normalisation (Ioffe and Szegedy 2015, arXiv:1502.03167) in one operation.

    The same as Keras' to rounding: same variables, same names in files of weights, which Keras
    takes from the name of the class.
    """

    def call(
        self, inputs: keras.KerasTensor, training: bool | None = None, mask: Any = None
    ) -> keras.KerasTensor:
        """Normalise; arguments and result as Keras'."""
        usual = self.scale and self.center and not self.renorm and not self.synchronized
        # Frozen, it is part of a network that trains: on GPUs the operation has no repeatable
        # gradient then.
        frozen = training and not self.trainable
        if not FUSED or not usual or frozen or mask is not None or len(inputs.shape) != 4:
            return super().call(inputs, training, mask)
        none = tf.zeros([0])
        fused = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=self.gamma.value,
            offset=self.beta.value,
            mean=none if training else self.moving_mean.value,
            variance=none if training else self.moving_variance.value,
            epsilon=self.epsilon,
            is_training=bool(training),
        )
        if training:
            count = tf.cast(tf.size(inputs) // inputs.shape[-1], tf.float32)
            change = 1.0 - self.momentum
            # The operation gives the unbiased variance, and Keras keeps the biased one.
            biased = change * (1.0 - 1.0 / count)
            for moving, new, share in (
                (self.moving_mean, fused.batch_mean, change),
                (self.moving_variance, fused.batch_variance, biased),
            ):
                moving.assign(moving.value * self.momentum + new * share)
        return fused.y


class Adam(keras.optimizers.Adam):
    """Adam (Kingma and Ba 2015, arXiv:1412.6980), one operation for each variable.

    The same as Keras' to rounding, with the same variables.
    """

    def apply(self, grads: Any, trainable_variables: Any = None) -> Any:
        """Change all variables by their gradients; arguments as Keras'."""
        if FUSED:
            # Once, and not for each variable: what is traced takes its time.
            step = tf.cast(self.iterations.value + 1, tf.float32)
            betas = tf.constant([self.beta_1, self.beta_2])
            self._shared = *tf.unstack(betas**step), *tf.unstack(betas), tf.constant(self.epsilon)
        return super().apply(grads, trainable_variables)

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Change a variable by its gradient; arguments as Keras'."""
        if not FUSED or self.amsgrad or variable.dtype != "float32":
            super().update_step(gradient, variable, learning_rate)
            return
        index = self._get_variable_index(variable)
        power_1, power_2, beta_1, beta_2, epsilon = self._shared
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].value.handle,
            v=self._velocities[index].value.handle,
            beta1_power=power_1,
            beta2_power=power_2,
            lr=learning_rate,
            beta1=beta_1,
            beta2=beta_2,
            epsilon=epsilon,
            grad=gradient,
        )


def normalise_by_kernels(network: keras.Model) -> None:
    """Give every batch normalisation that Keras made the kernel of this module.

    In place, since encoders come built, from libraries that know Keras' own layer only: a layer
    keeps its variables and settings, and computes by another method.
    """
    for layer in network.layers:
        if type(layer) is keras.layers.BatchNormalization:
            layer.__class__ = BatchNormalization
