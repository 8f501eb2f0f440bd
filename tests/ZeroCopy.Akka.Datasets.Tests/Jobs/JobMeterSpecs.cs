using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using ZeroCopy.Datasets.Jobs;
using ZeroCopy.Endpoints;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Datasets.Tests.Jobs;

public sealed class JobMeterSpecs : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task JobMeter_should_count_rows_failures_bytes_and_calls_of_a_model()
    {
        const string model = "measured";
        var measured = new ConcurrentDictionary<string, double>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, own) =>
            {
                if (instrument.Name.StartsWith("zerocopy.jobs.", StringComparison.Ordinal))
                {
                    own.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Add(instrument, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Add(instrument, 1, tags));
        listener.Start();
        await File.WriteAllLinesAsync(_directory.File("in.jsonl"), ["{\"x\": 1}", "{\"x\": 2}", "no", "{\"x\": 3}", "{\"x\": 4}"]);

        await BatchJob.RunAsync(
            new FakeEndpoint(
                [new ValueSignature("x")], (inputs, _) => Task.FromResult(ImmutableArray.Create(FakeEndpoint.Doubled(inputs[0]))))
            {
                Name = model,
            },
            new BatchJobOptions
            {
                Inputs = [_directory.File("in.jsonl")],
                Output = _directory.File("out.jsonl"),
                BatchSize = 2,
                SkipFailed = true,
            });

        Assert.Equal(4, measured["zerocopy.jobs.rows"]);
        Assert.Equal(1, measured["zerocopy.jobs.failed"]);
        Assert.True(measured["zerocopy.jobs.bytes"] > 0);
        Assert.Equal(4, measured["zerocopy.jobs.batch.rows"]);
        Assert.Equal(3, measured["zerocopy.jobs.batch.duration"]);

        void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            foreach (var tag in tags)
            {
                if (tag is { Key: "model", Value: model })
                {
                    measured.AddOrUpdate(instrument.Name, value, (_, before) => before + value);
                }
            }
        }
    }
}
