namespace ZeroCopy.Serving.Protocol;

/// <summary>Where in shared memory a tensor lies, as the parameters of the protocol's extension say it.</summary>
/// <param name="Region">Name of the region.</param>
/// <param name="Offset">Bytes of the region in front of the tensor.</param>
/// <param name="Size">Bytes that the tensor has there.</param>
internal sealed record RegionUse(string Region, long Offset, long Size)
{
    /// <summary>The parameter that names the region.</summary>
    public const string RegionParameter = "shared_memory_region";

    /// <summary>Whether tensors of both would have a byte in common.</summary>
    public bool Overlaps(RegionUse other) =>
        Region == other.Region && Offset - other.Offset < other.Size && other.Offset - Offset < Size;

    /// <summary>Takes the parameters of the extension one by one.</summary>
    public struct Reader
    {
        private string? _region;
        private long? _size;
        private long _offset;

        /// <summary>Whether the parameter is one of the extension.</summary>
        public bool Take(string name, ParameterValue value, FieldPlace place)
        {
            switch (name)
            {
                case RegionParameter:
                    _region = value.Text(place);
                    return true;
                case "shared_memory_byte_size":
                    _size = value.Count(place);
                    return true;
                case "shared_memory_offset":
                    _offset = value.Count(place);
                    return true;
                default:
                    return false;
            }
        }

        /// <summary>What they say together; null where there was none of them.</summary>
        public readonly RegionUse? Use(FieldPlace place) => (_region, _size) switch
        {
            (null, null) when _offset == 0 => null,
            ({ } region, { } size) => new RegionUse(region, _offset, size),
            _ => throw new RequestException($"{place} needs both shared_memory_region and shared_memory_byte_size."),
        };
    }
}
