using ZeroCopy.Actors.Protocol;
using ZeroCopy.Actors.Wire;
using Cancel = ZeroCopy.Actors.Wire.Generated.Cancel;

namespace ZeroCopy.Actors.Tests.Wire;

public sealed class MessageTableSpecs
{
    private readonly MessageTable _table = new MessageTable()
        .Add("pc", (PredictCancel m) => new Cancel { Id = m.Id }, wire => new PredictCancel(wire.Id));

    [Fact]
    public void MessageTable_should_refuse_a_manifest_that_another_message_has() => Assert.Throws<ArgumentException>(
        () => _table.Add("pc", (PartReceived m) => new Cancel { Id = m.Id }, wire => new PartReceived(wire.Id, 0)));

    [Fact]
    public void MessageTable_should_refuse_a_message_that_has_a_manifest() => Assert.Throws<ArgumentException>(
        () => _table.Add("pd", (PredictCancel m) => new Cancel { Id = m.Id }, wire => new PredictCancel(wire.Id)));
}
