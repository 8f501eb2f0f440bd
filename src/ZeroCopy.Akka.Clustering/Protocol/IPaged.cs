namespace ZeroCopy.Clustering.Protocol;

/// <summary>
/// A message that goes in several, one behind the other, where a frame does not hold it: each has some of what is listed, and all but the
/// last say that another one follows. <see cref="Wire.MessagePages"/> splits it.
/// </summary>
internal interface IPaged : IClusterMessage
{
    /// <summary>Which of the messages it is, counted from 0; null where they answer one request, which is answered once.</summary>
    int? Part => null;

    /// <summary>Whether another message follows.</summary>
    bool HasMore { get; }

    /// <summary>This message with what those before it listed, which are of its type.</summary>
    IPaged Behind(IPaged before);

    /// <summary>
    /// A message with those before it, if any: whole where none follows, null where one of them was lost and they are counted.
    /// </summary>
    static T? Join<T>(T? before, T page)
        where T : class, IPaged
    {
        // Those that are not counted follow each other: both are null.
        if (before is { HasMore: true } && before.GetType() == page.GetType() && page.Part == before.Part + 1)
        {
            return (T)page.Behind(before);
        }

        return page.Part is null or 0 ? page : null;
    }
}
