using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;

namespace ZeroCopy.Node.Cli;

/// <summary>
/// Options of whole numbers. What is no number is wrong syntax; a number outside of its range is refused when the command runs.
/// </summary>
internal static class WholeNumber
{
    /// <summary>Reads the value of an option.</summary>
    public static BigInteger Parse(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (!BigInteger.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
        {
            result.AddError($"{((OptionResult)result.Parent!).Option.Name} is {text}; it must be a whole number.");
        }

        return number;
    }

    /// <summary>The same where the option may be left out.</summary>
    public static BigInteger? ParseOptional(ArgumentResult result) => Parse(result);

    /// <summary>The value of an option as a number of a type.</summary>
    /// <param name="option">The option, for the error.</param>
    /// <param name="value">Its value.</param>
    /// <param name="least">The least that it may be.</param>
    /// <param name="most">The most that it may be.</param>
    /// <exception cref="OptionException">It is less, or more.</exception>
    public static T Within<T>(Option option, BigInteger value, T least, T most)
        where T : struct, IBinaryInteger<T> => value >= BigInteger.CreateChecked(least) && value <= BigInteger.CreateChecked(most)
        ? T.CreateChecked(value)
        : throw new OptionException($"{option.Name} is {value}; it must be {least} to {most}.");

    /// <summary>The same where the option may be left out; null then.</summary>
    public static T? Within<T>(Option option, BigInteger? value, T least, T most)
        where T : struct, IBinaryInteger<T> => value is { } given ? Within(option, given, least, most) : null;
}
