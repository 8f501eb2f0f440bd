namespace ZeroCopy.Torch.Instances;

/// <summary>An argument that stands for the several arguments of a method.</summary>
internal interface ICallArguments
{
    object?[] Values { get; }

    /// <summary>The same call with other arguments.</summary>
    object With(object?[] values);
}
