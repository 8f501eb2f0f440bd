using System.Collections.Immutable;
using ZeroCopy.Datasets.Rows;
using ZeroCopy.Endpoints;

namespace ZeroCopy.Datasets.Binding;

/// <summary>Reads what was given with <c>--column</c>.</summary>
internal sealed class ColumnChoices(
    MethodSignature method, ImmutableArray<ColumnType> columns, ImmutableArray<UnreadColumn> unread)
{
    private readonly List<InputSource> _sources = [];
    private readonly List<ColumnType> _plain = [];

    /// <summary>The names of columns that stand in choices, whatever the inputs of the model are.</summary>
    public static IEnumerable<string> Names(IEnumerable<string> choices, ImmutableArray<ColumnType> columns)
    {
        return choices.SelectMany(choice => Has(choice) ? [choice]
            : choice.Split('=', 2)[^1] is var names && Has(names) ? [names] : names.Split(','));

        bool Has(string name) => columns.Any(column => column.Name == name);
    }

    /// <summary>The column of a name.</summary>
    /// <exception cref="DatasetException">There is none, or it is not read.</exception>
    public static ColumnType Require(
        string name, ImmutableArray<ColumnType> columns, ImmutableArray<UnreadColumn> unread, string purpose = "") =>
        columns.FirstOrDefault(column => column.Name == name)
        ?? throw UnreadColumn.Refusal(unread, name.Equals)
        ?? new DatasetException(
            $"The dataset has no column '{name}'{purpose}. {NearestName.Hint(name, [.. columns.Select(column => column.Name)])}");

    /// <summary>The columns of each input that was named, or that a name alone stands for.</summary>
    /// <exception cref="DatasetException">An unknown name, or one that could be anything.</exception>
    public List<InputSource> Read(IEnumerable<string> choices)
    {
        foreach (var choice in choices)
        {
            // A column may have any name, also one with an equals sign or a comma.
            if (Find(choice) is { } column)
            {
                _plain.Add(column);
            }
            else if (choice.Split('=', 2) is [var input, var names])
            {
                BindingPlan.FindInput(method, input);
                Add(input, List(names));
            }
            else
            {
                _plain.AddRange(List(choice));
            }
        }

        AddPlain();
        return _sources;
    }

    private void AddPlain()
    {
        if (_plain.Count == 0)
        {
            return;
        }

        if (method.Inputs.Length > 1 && _plain.All(column => method.Inputs.Any(input => input.Name == column.Name)))
        {
            _plain.ForEach(column => Add(column.Name, [column]));
            return;
        }

        var free = method.Inputs.Where(input => !input.IsOptional && _sources.All(source => source.Input != input.Name)).ToList();
        if (free.Count != 1 && method.Inputs.Length != 1)
        {
            var unknown = _plain.First(column => method.Inputs.All(input => input.Name != column.Name));
            throw new DatasetException(
                $"'{unknown.Name}' is the name of no input of '{method.Name}' "
                + $"({string.Join(", ", method.Inputs.Select(input => input.Name))}); "
                + $"say which with --column INPUT={unknown.Name}.");
        }

        Add((free.Count == 1 ? free[0] : method.Inputs[0]).Name, [.. _plain]);
    }

    private void Add(string input, ImmutableArray<ColumnType> chosen)
    {
        if (_sources.Any(source => source.Input == input))
        {
            throw new DatasetException($"The input '{input}' is given twice with --column; give all of its columns in one, "
                + "INPUT=COLUMN,COLUMN.");
        }

        _sources.Add(new InputSource(input, chosen));
    }

    private ImmutableArray<ColumnType> List(string names) =>
        Find(names) is { } column ? [column] : [.. names.Split(',').Select(name => Require(name, columns, unread))];

    private ColumnType? Find(string name) => columns.FirstOrDefault(column => column.Name == name);
}
