namespace ZeroCopy.Serving.Protocol;

/// <summary>Where in the request's JSON a value stands, for messages: <c>inputs[1].shape</c>.</summary>
/// <param name="List">The list of objects; empty for the request itself.</param>
/// <param name="Index">The object's place in the list.</param>
/// <param name="Field">The field; empty for the object itself.</param>
internal readonly record struct FieldPlace(string List, int Index, string Field)
{
    /// <summary>A field of the request itself.</summary>
    public static FieldPlace Of(string field) => new("", 0, field);

    /// <summary>A field of the same object.</summary>
    public FieldPlace At(string field) => this with { Field = Field.Length == 0 ? field : $"{Field}.{field}" };

    public override string ToString() =>
        List.Length == 0 ? Field.Length == 0 ? "the request" : Field : Field.Length == 0 ? $"{List}[{Index}]" : $"{List}[{Index}].{Field}";
}
