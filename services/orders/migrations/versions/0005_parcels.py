"""What has left and what has arrived of an order, parcel by parcel."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE order_parcels (
            order_id uuid NOT NULL REFERENCES orders,
            shipment_id uuid NOT NULL,
            position smallint NOT NULL,
            status text NOT NULL
                CONSTRAINT order_parcels_status CHECK (status IN ('shipped', 'in_transit', 'delivered')),
            lines jsonb NOT NULL,
            PRIMARY KEY (order_id, shipment_id)
        )
        """
    )
