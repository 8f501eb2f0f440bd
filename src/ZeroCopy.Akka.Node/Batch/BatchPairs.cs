using System.Collections.Immutable;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;
using ZeroCopy.Datasets;
using ZeroCopy.Node.Cli;
using ZeroCopy.Tensors;

namespace ZeroCopy.Node.Batch;

/// <summary>Options of the form <c>INPUT=VALUE</c>, and spans of time.</summary>
internal static class BatchPairs
{
    /// <exception cref="UsageException">Not of that form.</exception>
    /// <exception cref="DatasetException">An input twice.</exception>
    public static ImmutableSortedDictionary<string, string> Of(string option, IEnumerable<string> values)
    {
        var pairs = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var value in values)
        {
            if (value.Split('=', 2) is not [{ Length: > 0 } input, { Length: > 0 } content])
            {
                throw new UsageException($"{option} {value}: write INPUT=VALUE.");
            }

            if (!pairs.TryAdd(input, content))
            {
                throw new DatasetException($"{option} is given twice for '{input}'.");
            }
        }

        return pairs.ToImmutable();
    }

    /// <exception cref="UsageException">Not of that form.</exception>
    /// <exception cref="DatasetException">Not an element type, or an input twice.</exception>
    public static ImmutableSortedDictionary<string, DType> DTypes(IEnumerable<string> values) =>
        Of("--dtype", values).ToImmutableSortedDictionary(
        pair => pair.Key,
        pair => DTypeExtensions.TryParseToken(pair.Value.ToUpperInvariant(), out var dtype)
            ? dtype : throw new DatasetException($"--dtype {pair.Key}={pair.Value}: there is no such element type; there are F32, F64, "
                + $"I64, BOOL, …"),
        StringComparer.Ordinal);

    /// <exception cref="UsageException">Not of that form, or not a number.</exception>
    public static ImmutableSortedDictionary<string, double> Numbers(string option, IEnumerable<string> values) =>
        Of(option, values).ToImmutableSortedDictionary(pair => pair.Key, pair => Number(option, pair), StringComparer.Ordinal);

    private static double Number(string option, KeyValuePair<string, string> pair)
    {
        var text = pair.Value;
        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
        {
            throw new UsageException($"{option} {pair.Key}={text}: '{text}' is no number.");
        }

        var problem = double.IsInfinity(number) && text.AsSpan().ContainsAnyInRange('0', '9') ? "is larger than any F64"
            : BigInteger.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole)
                && new BigInteger(number) != whole ? "has no F64 of that value"
            : null;
        return problem is null ? number : throw new DatasetException($"{option} {pair.Key}={text}: '{text}' {problem}.");
    }

    /// <summary>Reads an option of seconds.</summary>
    public static double ParseSeconds(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds))
        {
            result.AddError($"{((OptionResult)result.Parent!).Option.Name} is {text}; it must be a number of seconds, such as 0.5.");
        }

        return seconds;
    }

    /// <exception cref="DatasetException">Negative, or longer than a day times a thousand.</exception>
    public static TimeSpan? Seconds(string option, double? value)
    {
        const double Most = 86_400_000;
        const double Least = 1e-7;
        if (value is > 0 and < Least)
        {
            throw new DatasetException(
                string.Create(CultureInfo.InvariantCulture, $"{option} is {value}; the shortest time is {Least} seconds."));
        }

        return value is null or (>= 0 and <= Most) ? value is { } seconds ? TimeSpan.FromSeconds(seconds) : null
            : throw new DatasetException(string.Create(
                CultureInfo.InvariantCulture, $"{option} is {value}; it must be 0 to {Most} seconds."));
    }
}
