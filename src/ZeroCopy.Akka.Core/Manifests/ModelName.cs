using System.Globalization;
using ZeroCopy.Errors;

namespace ZeroCopy.Manifests;

/// <summary>
/// A name that points to a model, such as <c>bert</c> or <c>bert@3</c>. Without a version it means the newest one when a model is
/// looked up, and the next one when a model is named.
/// </summary>
public readonly record struct ModelName
{
    /// <summary>Most characters of a name.</summary>
    public const int MaxLength = 128;

    /// <summary>Creates a name; see <see cref="Parse"/> for the rules.</summary>
    /// <exception cref="FormatException">The name or the version breaks a rule.</exception>
    public ModelName(string name, int? version = null)
    {
        if (!IsValid(name) || version < 1)
        {
            throw Invalid(version is null ? name : $"{name}@{version}");
        }

        Name = name;
        Version = version;
    }

    /// <summary>The name without its version.</summary>
    public string Name { get; }

    /// <summary>The version, counted from 1; null for the newest.</summary>
    public int? Version { get; }

    /// <summary>
    /// Parses <c>NAME</c> or <c>NAME@VERSION</c>. A name has 1 to 128 characters of ASCII letters, digits, <c>.</c>, <c>_</c> and <c>-</c>,
    /// begins with a letter or a digit, and so is safe as a file name and in an address.
    /// </summary>
    /// <exception cref="FormatException">The text breaks a rule; the message says which.</exception>
    public static ModelName Parse(string text) => TryParse(text, out var name) ? name : throw Invalid(text);

    /// <summary>As <see cref="Parse"/>; false instead of an exception.</summary>
    public static bool TryParse(string? text, out ModelName name)
    {
        name = default;
        if (text is null)
        {
            return false;
        }

        var at = text.IndexOf('@', StringComparison.Ordinal);
        if (at < 0)
        {
            if (!IsValid(text))
            {
                return false;
            }

            name = new ModelName(text);
            return true;
        }

        if (!IsValid(text[..at])
            || !int.TryParse(text.AsSpan(at + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var version)
            || version < 1 || text[at + 1] == '0')
        {
            return false;
        }

        name = new ModelName(text[..at], version);
        return true;
    }

    /// <summary><c>NAME</c> or <c>NAME@VERSION</c>.</summary>
    public override string ToString() =>
        Version is { } version ? string.Create(CultureInfo.InvariantCulture, $"{Name}@{version}") : Name ?? "";

    /// <summary>The name with the version behind another one; the first behind 0.</summary>
    /// <exception cref="InvalidModelException">There is no version behind it.</exception>
    internal static ModelName After(string name, int version) => version < int.MaxValue
        ? new ModelName(name, version + 1)
        : throw new InvalidModelException(
            $"'{name}' has version {version}, the last that there can be, so that no other gets the next one: name its version.");

    /// <summary>Whether a version of a name is meant by this one: the same version, or any where this one has none.</summary>
    internal bool Covers(ModelName held) => held.Name == Name && (Version is null || held.Version == Version);

    private static bool IsValid(string? name)
    {
        if (string.IsNullOrEmpty(name) || name.Length > MaxLength || !char.IsAsciiLetterOrDigit(name[0]))
        {
            return false;
        }

        foreach (var c in name)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('.' or '_' or '-'))
            {
                return false;
            }
        }

        return true;
    }

    private static FormatException Invalid(string? text) => new(
        $"'{text}' is not a model name: 1 to {MaxLength} letters a to z or A to Z, digits, '.', '_' or '-', beginning with a letter or a "
        + "digit, and optionally '@' with a version counted from 1, such as bert@3.");
}
