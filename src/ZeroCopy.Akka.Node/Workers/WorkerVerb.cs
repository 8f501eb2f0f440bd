namespace ZeroCopy.Node.Workers;

/// <summary>What a worker process can be told to do.</summary>
internal enum WorkerVerb
{
    /// <summary>One small product of matrices, which loads libtorch.</summary>
    Forward,
    /// <summary>DIRECTORY [prefault]: opens the store and starts an actor system with the product in it.</summary>
    Open,
    /// <summary>DIRECTORY: opens the store alone and closes it; gives the milliseconds that opening took.</summary>
    OpenStore,
    /// <summary>DIRECTORY: reads the headers of a store and makes nothing of them; gives the milliseconds.</summary>
    ReadHeaders,
    /// <summary>FOLDER: writes BERT-base in every form and puts it into the open store; gives the model's id, that of its script, and its bytes.</summary>
    Prepare,
    /// <summary>ID ACTORS: a further pool of that many actors over a model of the open store, each of which answers once.</summary>
    Pool,
    /// <summary>ID COUNT: that many further instances of a BERT of the open store; each answers once.</summary>
    Instances,
    /// <summary>
    /// FILE COUNT [CONFIGURATION]: constructs that many BERT, BERT-base without a configuration, and loads the file into each, without the
    /// product; each answers once.
    /// </summary>
    Copies,
    /// <summary>FILE COUNT: loads a TorchScript file that many times, without the product; each answers once.</summary>
    ScriptCopies,
    /// <summary>PATH: puts a file or folder into the open store; gives its id.</summary>
    Put,
    /// <summary>Puts <see cref="TwelveModels"/> into the open store; gives the store's bytes and those of a copy for each name.</summary>
    Twelve,
    /// <summary>LOOP COUNT: goes round one of <see cref="LeakLoop"/>, in the open store.</summary>
    Loop,
    /// <summary>Collects garbage, so that what is left is in use.</summary>
    Collect,
}
