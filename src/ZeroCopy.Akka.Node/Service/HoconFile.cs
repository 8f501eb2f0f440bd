using System.Collections.Immutable;
using Akka.Configuration;

namespace ZeroCopy.Node.Service;

/// <summary>A node's settings file. Akka's parser takes much that is no HOCON for some, so what is read is checked further.</summary>
internal static class HoconFile
{
    private static readonly string[] Sections = ["zerocopy", "akka"];

    /// <summary>The settings of a file; none of them where something is wrong with it.</summary>
    public static Config Read(string file, ImmutableArray<string>.Builder problems)
    {
        var count = problems.Count;
        try
        {
            var text = File.ReadAllText(file);
            if (HoconBrackets.Problem(text) is { } problem)
            {
                problems.Add($"'{file}' is not HOCON (--config): {problem}");
                return Config.Empty;
            }

            var config = Parse(text);
            foreach (var (key, value) in config.IsEmpty ? [] : config.Root.GetObject().Items)
            {
                if (!Sections.Contains(key))
                {
                    problems.Add($"{key} in '{file}' is no setting (--config): a node's settings are under zerocopy and akka");
                }
                else if (!value.IsObject())
                {
                    problems.Add($"{key} in '{file}' is '{value}' but must be a section (--config)");
                }
            }

            return problems.Count == count ? config : Config.Empty;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            problems.Add($"there is no file '{file}' (--config)");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problems.Add($"'{file}' cannot be read (--config): {e.Message.TrimEnd('.')}");
        }
        catch (FormatException e)
        {
            problems.Add($"'{file}' is not HOCON (--config): {e.Message.Split('\n')[0].TrimEnd(':', '.', ' ')}");
        }

        return Config.Empty;
    }

    private static Config Parse(string text)
    {
        try
        {
            return ConfigurationFactory.ParseString(text);
        }
        catch (Exception e)
        {
            // Whatever the parser throws at a text that it cannot read: it has no kind of exception of its own.
            throw new FormatException(e.Message, e);
        }
    }
}
