"""How a reader is trained: from files of questions to weights.

`rag.training.train.train` does all of it for a `rag.training.run.TrainingRun`. The parts, in the order
in which data passes through them:

    sources     the files of a run; passages: out of an archive, for questions that come without
    data        reads, cleans, caps and splits questions        (surface: texts and where characters went)
    negatives   finds passages that rank high and lack the answer
    edits       makes questions unanswerable by one small change
    groups      draws an epoch: a question, its passage, its negatives
    encode      keeps texts as tokens; batches lays them out in few fixed shapes
    start       what is trained on: weights in floats, also out of an exported int8 reader
    network     the model; loss: span scores comparable between passages
    checkpoint  lets a killed run go on exactly; run: what a run is, and the record it leaves;
                recipe_file reads one from TOML
    predict     best spans of passages, as the shipped readers find them; dev: how good they are on questions
                kept away from the training
    averaging   one model out of several

Only modules in this package, and the adapter of the optional reader, import torch or transformers; nothing is
imported here, so that a command line can list its options without them.
"""
