namespace ZeroCopy.Datasets.Binding;

/// <summary>Finds what somebody meant who misspelt a name.</summary>
internal static class NearestName
{
    /// <summary>The name with the fewest letters to change; null where most would have to be.</summary>
    public static string? Of(string name, IEnumerable<string> known)
    {
        var nearest = known.Select(candidate => (Name: candidate, Distance: Distance(name.ToLowerInvariant(),
            candidate.ToLowerInvariant())))
            .DefaultIfEmpty((Name: "", Distance: int.MaxValue)).MinBy(candidate => candidate.Distance);
        return nearest.Distance <= Math.Max(1, Math.Max(name.Length, nearest.Name.Length) / 2) ? nearest.Name : null;
    }

    /// <summary>A sentence that offers the nearest name, or a list of the first few.</summary>
    public static string Hint(string name, IReadOnlyCollection<string> known)
    {
        const int MaxListed = 8;
        return Of(name, known) is { } nearest ? $"Did you mean '{nearest}'?"
            : known.Count == 0 ? "There are none."
            : $"There {(known.Count == 1 ? "is" : "are")}: "
                + $"{string.Join(", ", known.Take(MaxListed))}{(known.Count > MaxListed ? ", …" : "")}.";
    }

    // Levenshtein's distance, row by row.
    private static int Distance(string left, string right)
    {
        var row = Enumerable.Range(0, right.Length + 1).ToArray();
        for (var i = 1; i <= left.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                var change = diagonal + (left[i - 1] == right[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(change, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
