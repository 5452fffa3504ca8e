"""Where a trained row looks: what of an image, or of features, makes the number that it predicts.

From a member (a training with its probe or head) to one differentiable function, `predictor`; the
methods, `methods`; whether a method tells anything of the weights at all, `randomise`; places with
names, `regions`; the step, `explain`.
"""
