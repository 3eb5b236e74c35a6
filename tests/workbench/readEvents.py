"""Prints what TensorBoard's EventAccumulator finds in a folder, as JSON."""

import json
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import plugin_data_pb2

accumulator = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0})
accumulator.Reload()


def hparams(tag):
    found = accumulator.SummaryMetadata(tag).plugin_data.content
    return plugin_data_pb2.HParamsPluginData.FromString(found)


start = hparams("_hparams_/session_start_info").session_start_info
end = hparams("_hparams_/session_end_info").session_end_info
print(
    json.dumps(
        {
            "scalars": {
                tag: [[event.step, event.value] for event in accumulator.Scalars(tag)]
                for tag in accumulator.Tags()["scalars"]
            },
            "group": start.group_name,
            "status": end.status,
            "hyperparameters": {
                name: getattr(value, value.WhichOneof("kind")) for name, value in start.hparams.items()
            },
        }
    )
)
