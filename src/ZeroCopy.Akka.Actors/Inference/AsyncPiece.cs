namespace ZeroCopy.Actors.Inference;

/// <summary>A piece of an asynchronous function, sent to the actor that began it. One whose actor is gone runs on the .NET pool.</summary>
internal sealed record AsyncPiece(Action Run) : IThreadPoolWorkItem
{
    public void Execute() => Run();
}
