using ZeroCopy.Datasets.Jobs;

namespace ZeroCopy.Datasets.Tests.Jobs;

public sealed class ByteBudgetSpecs
{
    private readonly ByteBudget _budget = new(100);

    [Fact]
    public async Task ByteBudget_should_count_answers_until_they_are_written()
    {
        await TakeAsync(10);
        await CallAsync();
        _budget.Add(85);

        var next = TakeAsync(6);

        Assert.False(next.IsCompleted);
        _budget.Return(10, 85);
        await next.WaitAsync(TimeSpan.FromMinutes(2));
    }

    [Fact]
    public async Task ByteBudget_should_let_no_call_begin_where_answers_fill_it()
    {
        await TakeAsync(10);
        await TakeAsync(10);
        await CallAsync();
        _budget.Add(100);

        var next = CallAsync();

        Assert.False(next.IsCompleted);
        _budget.Return(10, 100);
        await next.WaitAsync(TimeSpan.FromMinutes(2));
    }

    [Fact]
    public async Task ByteBudget_should_let_the_next_to_be_written_be_called_whatever_it_holds()
    {
        await TakeAsync(1_000);

        await CallAsync();
    }

    [Fact]
    public async Task ByteBudget_should_let_calls_begin_while_only_rows_fill_it()
    {
        await TakeAsync(50);
        await TakeAsync(50);
        await CallAsync();

        await CallAsync();
    }

    private Task TakeAsync(long rows) => _budget.TakeAsync(rows, CancellationToken.None);

    private Task CallAsync() => _budget.CallAsync(CancellationToken.None);
}
