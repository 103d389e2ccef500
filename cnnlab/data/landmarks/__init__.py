"""Landmarks: from a CSV of 1.2 million rows to a data set in parts.

The steps, each of them a command (``cnnlab landmarks …``) and a function, each restartable:

1. `subset.subset`: the most frequent landmarks of a CSV, and a stratified share of each.
2. `download.download`: the pictures by URL, with a manifest of what arrived and what did not.
3. `inspection.inspect`: bad pictures into quarantine, near-duplicates into groups. Labels are ranked by
   `cnnlab.evaluation.suspicious_labels`, given features such as those of `cnnlab.training.features`.
4. `split.split`: class folders for training, validation and test, which `cnnlab.data.folder` and `cnnlab.fit` read.

`world` is a drawn world to try them on: `world.server.serving` serves its pictures and its CSV, with the faults of real
servers. `cnnlab.data.landmarks` is the function in `drawn`: the drawn landmarks as a data set, with no step at all.
"""
