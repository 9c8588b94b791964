"""Lightning's hooks, of callbacks and of modules: all do what its documentation says.

A subclass of :class:`~toysuper.training.module.EnsembleModule` may override any of them, with or
without ``super()``. Its ``training_step`` gets a range of steps, of one step then: it may add to
the loss of ``super().training_step``, or compute one of its own from ``burst.batches()``.
"""

from toysuper.data.burst_ends import BATCH_HOOKS, EVAL_HOOKS, STEP_HOOKS

STAGES = ("validation", "test", "predict")

EXACT_HOOKS = {
    **dict.fromkeys(STEP_HOOKS, "at every optimiser step: bursts are of one step"),
    **{
        name.format(stage): "at every batch: bursts are of one batch"
        for name in EVAL_HOOKS
        for stage in STAGES
    },
    **dict.fromkeys(BATCH_HOOKS, "at every batch of training and of evaluations"),
    **dict.fromkeys(
        (
            *("configure_callbacks", "configure_model"),
            *("configure_sharded_model", "load_state_dict", "on_exception", "on_fit_end"),
            *("on_fit_start", "on_load_checkpoint", "on_predict_end", "on_predict_epoch_end"),
            *("on_predict_epoch_start", "on_predict_model_eval", "on_predict_start"),
            *("on_sanity_check_end", "on_sanity_check_start", "on_save_checkpoint", "on_test_end"),
            *("on_test_epoch_end", "on_test_epoch_start", "on_test_model_eval"),
            *("on_test_model_train", "on_test_start", "on_train_end", "on_train_epoch_end"),
            *("on_train_epoch_start", "on_train_start", "on_validation_end"),
            *("on_validation_epoch_end", "on_validation_epoch_start", "on_validation_model_eval"),
            *("on_validation_model_train", "on_validation_model_zero_grad"),
            *("on_validation_start", "prepare_data", "setup", "state_dict", "teardown"),
        ),
        "as Lightning does",
    ),
    "configure_optimizers": "as Lightning does; trainer.estimated_stepping_batches is known in it",
    **dict.fromkeys(
        (*(f"{stage}_dataloader" for stage in ("train", "val", "test", "predict")),),
        "the datamodule's are taken",
    ),
}
"""When each hook is called, or who wins where a datamodule has it, too."""
