using System.Collections.Immutable;
using Akka.Configuration;
using Akka.Configuration.Hocon;

namespace ZeroCopy.Node.Service;

/// <summary>A node's settings file. Akka's parser takes much that is no HOCON for some, so what is read is checked further.</summary>
internal static class HoconFile
{
    private static readonly string[] Sections = ["zerocopy", "akka"];

    /// <summary>
    /// The settings of a file, with those that it includes by paths beside it; none of them where it cannot be read.
    /// </summary>
    public static Config Read(string file, ImmutableArray<string>.Builder problems)
    {
        try
        {
            var config = new Config(Parse(Path.GetFullPath(file), []));
            var items = config.IsEmpty ? [] : config.Root.GetObject().Items;
            foreach (var (key, value) in items)
            {
                if (!Sections.Contains(key))
                {
                    problems.Add($"{key} in '{file}' is no setting (--config): a node's settings are under zerocopy and akka");
                }
                else if (!value.IsObject())
                {
                    problems.Add($"{key} in '{file}' is '{value}' but must be a section (--config)");
                    // So that the rest can be read.
                    items.Remove(key);
                }
            }

            return config;
        }
        catch (UnauthorizedAccessException) when (Directory.Exists(file))
        {
            problems.Add($"'{file}' is a folder, and --config is one file");
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

    private static HoconRoot Parse(string file, ImmutableArray<string> including)
    {
        var text = HoconText.ForParser(File.ReadAllText(file));
        try
        {
            return Parser.Parse(text, Include);
        }
        catch (Exception e) when (e is not (IOException or UnauthorizedAccessException or IncludeException))
        {
            // Whatever the parser throws at a text that it cannot read: it has no kind of exception of its own.
            throw new FormatException(e.Message, e);
        }

        HoconRoot Include(string name)
        {
            var path = Path.GetFullPath(name, Path.GetDirectoryName(file)!);
            var chain = including.Add(file);
            if (chain.Contains(path))
            {
                throw new IncludeException($"it includes itself: {string.Join(" includes ", [.. chain, path])}");
            }

            if (!File.Exists(path))
            {
                throw new IncludeException($"there is no file '{path}', which '{file}' includes");
            }

            try
            {
                // With its substitutions done: the parser would look for those of an included file elsewhere.
                return new HoconRoot(Parse(path, chain).Value);
            }
            catch (FormatException e) when (e is not IncludeException)
            {
                throw new IncludeException($"in '{path}', which '{file}' includes: {e.Message}", e);
            }
        }
    }

    /// <summary>Something is wrong with an included file; the message says with which.</summary>
    private sealed class IncludeException(string message, Exception? inner = null) : FormatException(message, inner);
}
